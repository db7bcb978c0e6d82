#include "nn/analog/digital_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/network/dead_filters.hpp"

namespace ohmic {
namespace {

TensorKind kind_of(const Node& node, const std::string& name) {
  if (node.op != Op::batch_norm)
    return name.ends_with(".weight") ? TensorKind::kernel : TensorKind::bias;
  if (name.ends_with(".weight")) return TensorKind::gamma;
  if (name.ends_with(".bias")) return TensorKind::beta;
  return name.ends_with(".running_mean") ? TensorKind::moving_mean : TensorKind::moving_variance;
}

double population_std(const std::vector<float>& v) {
  const double n = static_cast<double>(v.size());
  const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
  double squares = 0;
  for (const float x : v) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / n);
}

void add_noise(std::vector<float>& values, double sigma, NoiseKey key, std::uint16_t tensor,
               const std::vector<bool>& spared) {
  std::vector<double> z(values.size());
  fill_normals(key, {Stream::digital, tensor}, 0, std::span<double>(z));
  for (std::size_t i = 0; i < z.size(); ++i)
    if (spared.empty() || !spared[i]) values[i] = static_cast<float>(values[i] + sigma * z[i]);
}

const HostTensor& finite_tensor(const Weights& weights, const std::string& name) {
  const auto found = weights.find(name);
  if (found == weights.end()) throw DataError("the network's weights lack the tensor " + name);
  const auto& values = found->second.values;
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
    throw DataError("tensor " + name + " holds a value that is not finite");
  return found->second;
}

}  // namespace

std::vector<NamedTensor> tensors_of(const Graph& graph) {
  std::vector<NamedTensor> tensors;
  for (const ParameterShape& p : parameter_shapes(graph))
    tensors.push_back({p.name, kind_of(graph.nodes[static_cast<std::size_t>(p.node)], p.name),
                       static_cast<std::uint16_t>(tensors.size()), p.node});
  return tensors;
}

std::vector<bool> spared_filters(const Graph& graph, const Weights& weights,
                                 const NoiseSettings& settings, int node) {
  if (!settings.spare_dead_filters) return {};
  const Node& layer = graph.nodes[static_cast<std::size_t>(node)];
  const Node* norm = layer.op == Op::batch_norm ? &layer : norm_after(graph, layer.name);
  return norm ? dead_filters(weights, *norm) : std::vector<bool>{};
}

Weights perturbed_digital(const Graph& graph, const Weights& weights, const NoiseSettings& settings,
                          double eta, NoiseKey key) {
  Weights digital;
  for (const NamedTensor& tensor : tensors_of(graph)) {
    if (tensor.kind == TensorKind::kernel) continue;
    HostTensor& out = digital[tensor.name] = finite_tensor(weights, tensor.name);
    if (eta > 0 && settings.perturbs(tensor.kind))
      add_noise(out.values, eta * population_std(out.values), key, tensor.index,
                spared_filters(graph, weights, settings, tensor.node));
  }
  return digital;
}

}  // namespace ohmic
