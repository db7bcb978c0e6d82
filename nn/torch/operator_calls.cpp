#include "nn/torch/operator_calls.hpp"

#include <ATen/core/Tensor.h>

#include <utility>

namespace ohmic {

OperatorCalls::OperatorCalls(const Graph& graph, const std::string& device)
    : opset_(graph.opset), constants_(graph.nodes.size()) {
  const at::Device there(device);
  if (!there.is_cpu()) on_host_.resize(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!graph.nodes[i].constant) continue;
    const at::Tensor values = tensor_of(*graph.nodes[i].constant);
    constants_[i] = values.to(there);
    if (!there.is_cpu()) on_host_[i] = values;
  }
}

OperatorCalls::~OperatorCalls() = default;
OperatorCalls::OperatorCalls(OperatorCalls&&) noexcept = default;

Tensors OperatorCalls::run(const Node& node, Tensors inputs) const {
  Tensors on_host;
  if (!on_host_.empty())
    for (const int input : node.inputs)
      on_host.push_back(on_host_[static_cast<std::size_t>(input)]);
  return run_operator(*node.call, opset_, std::move(inputs), on_host);
}

}  // namespace ohmic
