// The tensors of a graph: their shapes and first values.
#include <algorithm>
#include <cmath>
#include <span>

#include "nn/network/graph.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

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

}  // namespace

int gates(RecurrentCell cell) {
  return cell == RecurrentCell::lstm ? 4 : cell == RecurrentCell::gru ? 3 : 1;
}

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
    if (node.op == Op::dense || node.op == Op::recurrent)
      add(".weight", {g.out_channels, g.in_channels}, true);
    if (node.op == Op::batch_norm) add(".weight", {node.channels}, true);
    if (node.has_bias) add(".bias", {g.out_channels}, true);
    if (node.op == Op::batch_norm) add(".bias", {node.channels}, true);
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
    tensor.values.assign(static_cast<std::size_t>(element_count(p.shape)), 0.0f);
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

}  // namespace ohmic
