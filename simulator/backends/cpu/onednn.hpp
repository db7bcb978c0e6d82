// The only door to oneDNN (2.6): convolutions on channels-last activations with what follows fused.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "simulator/backends/cpu/convolution_spec.hpp"

namespace ohmic::onednn {

/// Whether oneDNN convolves bf16 numbers on this processor: with AVX-512, in hardware or as floats.
bool has_bf16();
/// Whether it multiplies matrices of them in hardware: AMX.
bool has_amx();

class Weights;

/// Immutable: one object may run on many threads at once, each run on its caller's thread. Where
/// oneDNN has no code for a shape on this processor, the loops of plain_convolution.hpp run.
class Convolution {
 public:
  explicit Convolution(const ConvolutionSpec&);
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;

  /// Reorders weights [out][in][kh][kw] for this primitive, rounded to its format.
  Weights pack(std::span<const float> weights) const;
  /// Whether what one packs the other runs.
  bool packs_as(const Convolution&) const;
  /// `bias` is read when the spec has one.
  void run(const void* x, const Weights& weights, const float* bias, float* y) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Weights in the layout that a Convolution chose.
class Weights {
 public:
  Weights();
  ~Weights();
  Weights(Weights&&) noexcept;
  Weights& operator=(Weights&&) noexcept;

 private:
  friend class Convolution;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ohmic::onednn
