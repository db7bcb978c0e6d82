// LibTorch's fastest float inference over a Graph, which analog runs are to be compared with.
// Header free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

enum class Freezing {
  frozen,     ///< traced, then torch.jit.freeze: BatchNorm is in the kernels of convolutions
  optimized,  ///< then torch.jit.optimize_for_inference: layers in oneDNN's own layouts
};

/// On the host. A number of samples is traced when it is first asked for, on zeros. Moved, never
/// copied.
class FrozenNetwork {
 public:
  FrozenNetwork(const Graph&, std::shared_ptr<const Weights>, Freezing);
  ~FrozenNetwork();
  FrozenNetwork(FrozenNetwork&&) noexcept;
  FrozenNetwork& operator=(FrozenNetwork&&) noexcept;

  /// As TorchNetwork::logits(). Throws UnsupportedError where LibTorch cannot trace or freeze the
  /// network. What depends on the samples' numbers other than by tensors is frozen as it was for
  /// zeros: compare with TorchNetwork before believing it.
  std::vector<float> logits(const float* nhwc, std::int64_t samples);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
