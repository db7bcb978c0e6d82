// The only door to oneDNN (2.6): convolutions on channels-last activations with what follows fused.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "simulator/layer.hpp"

namespace ohmic::onednn {

/// Number format of a product's two factors; sums are float.
enum class Format { f32, bf16 };

/// Whether oneDNN convolves bf16 numbers on this processor: with AVX-512, in hardware or as floats.
bool has_bf16();

/// y = [y +] conv(x, W) [+ bias], then [max(y, 0), 0 for what is not a number].
/// x: images x H x W x C in `format`, y: images x OH x OW x N float.
struct ConvolutionSpec {
  ConvGeometry geometry;
  int images = 1;
  Format format = Format::f32;
  bool has_bias = false;
  bool accumulates = false;  ///< adds to what y holds
  bool relu = false;
};

class Weights;

/// Immutable: one object may run on many threads at once, each run on its caller's thread. Throws
/// UnsupportedError where oneDNN has only its plain loops.
class Convolution {
 public:
  explicit Convolution(const ConvolutionSpec&);
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;

  /// Reorders weights [out][in][kh][kw] for this primitive, rounded to its format.
  Weights pack(std::span<const float> weights) const;
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
