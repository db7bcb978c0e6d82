#include "nn/network/dead_filters.hpp"

#include <algorithm>

namespace ohmic {

const Node* norm_after(const Graph& graph, const std::string& layer) {
  for (const Node& node : graph.nodes)
    if (node.op == Op::batch_norm &&
        graph.nodes[static_cast<std::size_t>(node.inputs.at(0))].name == layer)
      return &node;
  return nullptr;
}

std::vector<bool> dead_filters(const Weights& weights, const Node& norm) {
  std::vector<bool> dead;
  for (const float spread : weights.at(spread_name(norm)).values)
    dead.push_back(variance_of(norm, spread) < kDeadVariance);
  return dead;
}

int count_dead_filters(const Graph& graph, const Weights& weights) {
  std::ptrdiff_t count = 0;
  for (const Node& node : graph.nodes) {
    if (node.op != Op::batch_norm) continue;
    const std::vector<bool> dead = dead_filters(weights, node);
    count += std::count(dead.begin(), dead.end(), true);
  }
  return static_cast<int>(count);
}

}  // namespace ohmic
