// A training as whoever uses LibTorch writes it, which the training here is compared with. Header
// free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// On the host: operations one by one in LibTorch's own layout (images x channels x height x
/// width), ReLUs and sums in place, a tensor for each parameter, plain SGD; gradients of strided
/// 1 x 1 kernels as convolution_gradients finds them. For built-in networks.
class EagerTraining {
 public:
  EagerTraining(const Graph&, const Weights&);
  ~EagerTraining();

  /// One update from images as TorchNetwork::logits() takes them; returns the loss before it.
  double step(const float* nhwc, const std::vector<std::int64_t>& classes, double learning_rate);
  Weights weights() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
