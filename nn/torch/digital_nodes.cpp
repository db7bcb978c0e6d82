#include "nn/torch/digital_nodes.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <utility>

#include "nn/torch/operator_calls.hpp"
#include "nn/torch/value_layout.hpp"
#include "simulator/error.hpp"

namespace ohmic {

using at::Tensor;

struct DigitalNodes::State {
  State(const Graph& g, const std::string& d) : graph(g), device(d), calls(g, d) {}

  const Node& node(int i) const { return graph.nodes[static_cast<std::size_t>(i)]; }
  Tensors& value(int i) { return values[static_cast<std::size_t>(i)]; }

  Tensors compute(const Node& n) {
    if (n.op == Op::part) return {value(n.inputs.front()).at(static_cast<std::size_t>(n.output))};
    std::vector<Tensor> inputs;
    for (const int from : n.inputs) inputs.push_back(value(from).at(0));
    return calls.run(n, std::move(inputs));
  }

  /// A view of memory that is somebody else's would change with it.
  bool is_lent(const Tensor& t) const {
    return t.defined() && t.has_storage() &&
           std::find(lent.begin(), lent.end(), t.storage().data()) != lent.end();
  }

  const Graph& graph;
  std::string device;
  OperatorCalls calls;
  std::int64_t samples = 0;
  std::vector<Tensors> values;    ///< by node
  std::vector<const void*> lent;  ///< memory of the values that were given
};

DigitalNodes::DigitalNodes(const Graph& graph, const std::string& device)
    : state_(std::make_unique<State>(graph, device)) {
  begin(0);
}

DigitalNodes::~DigitalNodes() = default;
DigitalNodes::DigitalNodes(DigitalNodes&&) noexcept = default;

void DigitalNodes::begin(std::int64_t samples) {
  State& s = *state_;
  s.samples = samples;
  s.values.assign(s.graph.nodes.size(), {});
  for (std::size_t i = 0; i < s.values.size(); ++i)
    if (s.graph.nodes[i].op == Op::constant) s.values[i] = {s.calls.constants()[i]};
  s.lent.clear();
}

const std::string& DigitalNodes::device() const { return state_->device; }

void DigitalNodes::give(int node, const float* values, const std::string& lie_on) {
  State& s = *state_;
  s.value(node) = {tensor_at(s.node(node), values, s.samples, lie_on).to(at::Device(s.device))};
  s.lent.push_back(values);
}

void DigitalNodes::run(int node, bool is_last) {
  State& s = *state_;
  const at::NoGradGuard no_gradients;
  Tensors outputs = s.compute(s.node(node));
  for (Tensor& output : outputs)
    if (!is_last && s.is_lent(output)) output = output.clone();
  s.value(node) = std::move(outputs);
}

const float* DigitalNodes::values(int node) {
  State& s = *state_;
  Tensor& value = s.value(node).at(0);
  OHMIC_ASSERT(value.defined());
  const Node& n = s.node(node);
  const std::int64_t of_sample = std::int64_t{n.channels} * n.height * n.width;
  if (value.numel() != s.samples * of_sample)  // a graph that a program built
    throw DataError("node " + std::to_string(node) + " (" + (n.call ? n.call->name : n.name) +
                    ") gives " + std::to_string(value.numel()) + " numbers for " +
                    std::to_string(s.samples) + " samples; its shape says " +
                    std::to_string(of_sample) + " for each");
  value = in_layout(n, value);
  return value.data_ptr<float>();
}

void DigitalNodes::release(int node) {
  State& s = *state_;
  if (s.node(node).op != Op::constant) s.value(node).clear();
}

}  // namespace ohmic
