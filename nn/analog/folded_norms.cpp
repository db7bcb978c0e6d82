#include "nn/analog/folded_norms.hpp"

#include <utility>

#include "nn/analog/batch_norm.hpp"

namespace ohmic {
namespace {

/// By node: the convolution that a BatchNorm is folded into, else -1.
std::vector<int> convolutions(const Graph& graph) {
  std::vector<int> readers(graph.nodes.size()), into(graph.nodes.size(), -1);
  for (const Node& node : graph.nodes)
    for (const int input : node.inputs) ++readers[static_cast<std::size_t>(input)];
  for (std::size_t i = 0; i < into.size(); ++i) {
    if (graph.nodes[i].op != Op::batch_norm) continue;
    const int before = graph.nodes[i].inputs.front();
    const auto b = static_cast<std::size_t>(before);
    if (graph.nodes[b].op == Op::convolution && readers[b] == 1) into[i] = before;
  }
  return into;
}

}  // namespace

Graph fold_norms(const Graph& graph) {
  const std::vector<int> into = convolutions(graph);
  std::vector<int> place;
  Graph folded = graph;
  folded.nodes.clear();
  for (std::size_t i = 0; i < into.size(); ++i) {
    if (into[i] >= 0) {
      place.push_back(place[static_cast<std::size_t>(into[i])]);
      folded.nodes[static_cast<std::size_t>(place.back())].has_bias = true;
      continue;
    }
    Node node = graph.nodes[i];
    for (int& input : node.inputs) input = place[static_cast<std::size_t>(input)];
    place.push_back(static_cast<int>(folded.nodes.size()));
    folded.nodes.push_back(std::move(node));
  }
  return folded;
}

Weights fold_norms(const Graph& graph, const Weights& weights) {
  const std::vector<int> into = convolutions(graph);
  Weights folded = fold_batch_norm(graph, weights);
  for (std::size_t i = 0; i < into.size(); ++i) {
    if (into[i] < 0) continue;
    const Node& norm = graph.nodes[i];
    const std::string& convolution = graph.nodes[static_cast<std::size_t>(into[i])].name;
    folded[convolution + ".bias"] = std::move(folded.at(norm.name + ".bias"));
    for (const std::string& gone : {norm.name + ".weight", norm.name + ".bias",
                                    norm.name + ".running_mean", spread_name(norm)})
      folded.erase(gone);
  }
  return folded;
}

}  // namespace ohmic
