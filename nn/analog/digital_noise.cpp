#include "nn/analog/digital_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ohmic {
namespace {

std::vector<std::pair<const char*, TensorKind>> parameters(const Node& node) {
  switch (node.op) {
    case Op::convolution:
    case Op::dense:
      if (!node.has_bias && node.op == Op::convolution) return {{".weight", TensorKind::kernel}};
      return {{".weight", TensorKind::kernel}, {".bias", TensorKind::bias}};
    case Op::batch_norm:
      return {{".weight", TensorKind::gamma},
              {".bias", TensorKind::beta},
              {".running_mean", TensorKind::moving_mean},
              {".running_var", TensorKind::moving_variance}};
    default:
      return {};
  }
}

double population_std(const std::vector<float>& v) {
  const double n = static_cast<double>(v.size());
  const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
  double squares = 0;
  for (const float x : v) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / n);
}

void add_noise(std::vector<float>& values, double sigma, NoiseKey key, std::uint16_t tensor) {
  std::vector<double> z(values.size());
  fill_normals(key, {Stream::digital, tensor}, 0, std::span<double>(z));
  for (std::size_t i = 0; i < z.size(); ++i)
    values[i] = static_cast<float>(values[i] + sigma * z[i]);
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
  for (const Node& node : graph.nodes)
    for (const auto& [suffix, kind] : parameters(node))
      tensors.push_back({node.name + suffix, kind, static_cast<std::uint16_t>(tensors.size())});
  return tensors;
}

Weights perturbed_digital(const Graph& graph, const Weights& weights, const NoiseSettings& settings,
                          double eta, NoiseKey key) {
  Weights digital;
  for (const NamedTensor& tensor : tensors_of(graph)) {
    if (tensor.kind == TensorKind::kernel) continue;
    HostTensor& out = digital[tensor.name] = finite_tensor(weights, tensor.name);
    if (eta > 0 && settings.perturbs(tensor.kind))
      add_noise(out.values, eta * population_std(out.values), key, tensor.index);
  }
  return digital;
}

}  // namespace ohmic
