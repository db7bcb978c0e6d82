#include "nn/metrics/answer_shape.hpp"

#include <utility>

namespace ohmic {
namespace {

/// Nodes behind which numbers are the same ones.
bool only_moves(const Node& node) {
  if (node.op != Op::digital) return false;
  for (const char* op :
       {"Flatten", "Reshape", "Cast", "Identity", "Squeeze", "Unsqueeze", "Transpose", "Dropout"})
    if (node.call->op == op) return true;
  return false;
}

}  // namespace

AnswerShape answer_shape(const Graph& graph, std::vector<std::int64_t> shape) {
  std::size_t last = graph.nodes.size() - 1;
  while (only_moves(graph.nodes[last]) && !graph.nodes[last].inputs.empty())
    last = static_cast<std::size_t>(graph.nodes[last].inputs.front());
  const Node& node = graph.nodes[last];
  const bool ends_in_one =
      node.op == Op::digital && (node.call->op == "Softmax" || node.call->op == "Sigmoid");
  const bool each_by_itself = ends_in_one && node.call->op == "Sigmoid";
  const bool chosen = node.op == Op::digital && node.call->op == "ArgMax";
  return {.shape = std::move(shape),
          .probabilities = ends_in_one,
          .chosen = chosen,
          .each_by_itself = each_by_itself};
}

}  // namespace ohmic
