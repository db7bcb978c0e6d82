// Weight noise in the forward passes of training. The header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>

#include "nn/torch/torch_graph.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {

class WeightNoise {
 public:
  /// At the kernels of convolutions and dense layers normal with std eta times the kernel's own
  /// std, addressed by (Stream::training_noise, number of the kernel, event); 0 at other
  /// parameters. The graph must outlive this.
  WeightNoise(TorchGraph&, double eta, NoiseKey);
  ~WeightNoise();
  WeightNoise(WeightNoise&&) noexcept;

  /// What draw() gives is that of `event` from now on.
  void seek(std::int64_t event);
  /// Noise for the graph's parameters(). Which event it is is read on the device, so that recorded
  /// work (captured_work.hpp) meets another each time; only where can_be_recorded() says so does
  /// the host not wait for it. `stream`: LibTorch's current cudaStream_t.
  at::Tensor draw(void* stream) const;
  /// On a GPU only in a build with OHMIC_CUDA.
  bool can_be_recorded() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
