// The operators of a Graph on a device, and the constants that they read. Private to nn/torch:
// at::Tensor appears by name only.
#pragma once

#include <string>
#include <vector>

#include "nn/network/graph.hpp"
#include "nn/operators/operator.hpp"

namespace ohmic {

class OperatorCalls {
 public:
  /// On "cpu" or "cuda:i".
  OperatorCalls(const Graph&, const std::string& device);
  ~OperatorCalls();
  OperatorCalls(OperatorCalls&&) noexcept;

  /// By node, on the device; undefined where a node is no constant.
  const std::vector<at::Tensor>& constants() const { return constants_; }
  /// What a digital node gives for its inputs, which lie on the device. Shapes, axes and the like
  /// that are constants are read without waiting for it, so that calls can be recorded.
  Tensors run(const Node&, Tensors inputs) const;

 private:
  int opset_;
  std::vector<at::Tensor> constants_;
  std::vector<at::Tensor> on_host_;  ///< the same on the host, if the device is another
};

}  // namespace ohmic
