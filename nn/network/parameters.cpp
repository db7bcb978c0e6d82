// The tensors of a graph: their shapes, first values, and whether a set of weights has them.
#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "nn/network/graph.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

std::size_t elements(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t side : shape) n *= side;
  return static_cast<std::size_t>(n);
}

void glorot_uniform(NoiseKey key, Address address, double F_in, double F_out,
                    std::vector<float>& values) {
  const double limit = std::sqrt(6.0 / (F_in + F_out));
  fill_uniforms(key, address, 0, std::span<float>(values));
  for (float& v : values) v = static_cast<float>(limit * (2.0 * v - 1.0));
}

void he_normal(NoiseKey key, Address address, double F_in, std::vector<float>& values) {
  const double std = std::sqrt(2.0 / F_in);
  fill_normals(key, address, 0, std::span<float>(values));
  for (float& v : values) v = static_cast<float>(std * v);
}

/// What weights look like by their names and shapes: "resnet20, layout he, width 16, 10 classes".
std::string architecture_of(const Weights& weights) {
  const auto first = weights.find("conv1.weight"), last = weights.find("linear.weight");
  if (first == weights.end() || last == weights.end() || first->second.shape.empty() ||
      last->second.shape.empty())
    return "";
  std::int64_t blocks = 0;
  while (weights.contains("layer1." + std::to_string(blocks) + ".conv1.weight")) ++blocks;
  if (blocks == 0) return "";
  return "resnet" + std::to_string(6 * blocks + 2) + ", layout " +
         (weights.contains("conv1.bias") ? "keras_v1" : "he") + ", width " +
         std::to_string(first->second.shape[0]) + ", " + std::to_string(last->second.shape[0]) +
         " classes";
}

std::vector<std::string> misfits(const Graph& graph, const Weights& weights) {
  std::vector<std::string> found;
  std::set<std::string> known;
  for (const ParameterShape& p : parameter_shapes(graph)) {
    known.insert(p.name);
    const auto it = weights.find(p.name);
    if (it == weights.end())
      found.push_back(p.name + " is missing");
    else if (it->second.shape != p.shape)
      found.push_back(p.name + " is " + shape_text(it->second.shape) + " instead of " +
                      shape_text(p.shape));
    else if (it->second.values.size() != elements(p.shape))
      found.push_back(p.name + " has " + std::to_string(it->second.values.size()) + " values");
  }
  for (const auto& [name, tensor] : weights)
    if (!known.contains(name)) found.push_back(name + " is not part of the network");
  return found;
}

}  // namespace

std::string spread_name(const Node& norm) {
  return norm.name + (norm.l1 ? ".running_dev" : ".running_var");
}

double divisor(const Node& norm, double spread) {
  return norm.l1 ? spread + norm.epsilon : std::sqrt(spread + norm.epsilon);
}

double variance_of(const Node& norm, double spread) { return norm.l1 ? spread * spread : spread; }

std::vector<ParameterShape> parameter_shapes(const Graph& graph) {
  std::vector<ParameterShape> all;
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    const Node& node = graph.nodes[static_cast<std::size_t>(i)];
    const ConvGeometry& g = node.conv;
    const auto add = [&](const char* suffix, std::vector<std::int64_t> shape, bool trainable) {
      all.push_back({node.name + suffix, std::move(shape), i, trainable});
    };
    if (node.op == Op::convolution)
      add(".weight", {g.out_channels, g.in_channels / g.groups, g.kernel_height, g.kernel_width},
          true);
    if (node.op == Op::dense) add(".weight", {g.out_channels, g.in_channels}, true);
    if (node.op == Op::batch_norm) add(".weight", {node.channels}, true);
    if (node.has_bias || node.op == Op::batch_norm) add(".bias", {node.channels}, true);
    if (node.op != Op::batch_norm) continue;
    add(".running_mean", {node.channels}, false);
    add(node.l1 ? ".running_dev" : ".running_var", {node.channels}, false);
  }
  return all;
}

Weights initialize(const Graph& graph, const std::string& init, std::uint64_t seed) {
  if (init != "glorot_uniform" && init != "he_normal")
    throw ConfigError("train.init: expected glorot_uniform or he_normal, got " + init);
  Weights weights;
  std::uint16_t index = 0;
  for (const ParameterShape& p : parameter_shapes(graph)) {
    HostTensor& tensor = weights[p.name];
    tensor.shape = p.shape;
    tensor.values.assign(elements(p.shape), 0.0f);
    const Node& node = graph.nodes[static_cast<std::size_t>(p.node)];
    const Address address{Stream::initialization, index++};
    if (p.shape.size() > 1) {
      const double positions = node.conv.kernel_height * node.conv.kernel_width;
      const double F_in = positions * node.conv.in_channels / node.conv.groups;
      const double F_out = positions * node.conv.out_channels / node.conv.groups;
      const NoiseKey key = noise_key(seed, 0);
      if (init == "he_normal")
        he_normal(key, address, F_in, tensor.values);
      else
        glorot_uniform(key, address, F_in, F_out, tensor.values);
    } else if (node.op == Op::batch_norm &&
               (p.name.ends_with(".weight") || p.name == spread_name(node))) {
      std::fill(tensor.values.begin(), tensor.values.end(), 1.0f);
    }
  }
  return weights;
}

void check_weights(const Graph& graph, const Weights& weights, const std::string& file) {
  const std::vector<std::string> found = misfits(graph, weights);
  if (found.empty()) return;
  constexpr std::size_t kShown = 5;
  std::string message = file + ": does not fit " + graph.model + ", layout " + graph.layout + ", " +
                        std::to_string(graph.classes) + " classes: ";
  for (std::size_t i = 0; i < std::min(found.size(), kShown); ++i)
    message += (i > 0 ? "; " : "") + found[i];
  if (found.size() > kShown) message += "; and " + std::to_string(found.size() - kShown) + " more";
  const std::string architecture = architecture_of(weights);
  if (!architecture.empty()) message += ". Its tensors are those of " + architecture;
  throw DataError(message);
}

}  // namespace ohmic
