// Plain LibTorch inference over the same graph: the base of every speed ratio, the check of the
// analog path at eta = 0, and the road to a GPU when the periphery is ideal. Header free of
// LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/network/graph.hpp"

namespace ohmic {

/// Logits (images x classes) of eager float inference, channels-last, on "cpu" or "cuda[:i]".
/// Moved, never copied.
class TorchNetwork {
 public:
  TorchNetwork(const Graph&, const Weights&, const std::string& device);
  /// On the host, with the weights that are given rather than a copy; set_weights() is not for it.
  TorchNetwork(const Graph&, std::shared_ptr<const Weights>);
  ~TorchNetwork();
  TorchNetwork(TorchNetwork&&) noexcept;
  TorchNetwork& operator=(TorchNetwork&&) noexcept;
  void set_weights(const Weights&);
  std::vector<float> logits(const float* nhwc, std::int64_t images);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "cuda:0" when LibTorch has CUDA and a GPU answers, else "cpu"; throws UnsupportedError when
/// `requested` names one that does not.
std::string resolve_device(const std::string& requested);
/// GPUs that LibTorch can use.
int torch_gpu_count();
std::string libtorch_version();
void set_threads(int threads);

}  // namespace ohmic
