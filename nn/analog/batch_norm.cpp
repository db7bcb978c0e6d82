#include "nn/analog/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

// Far below any sum of activations and far from float's largest value, so that the residual sum
// stays negative and finite.
constexpr float kDead = -1e30f;

struct Norm {
  std::vector<float>&gamma, &beta, &mean, &variance;
};

Norm norm_of(Weights& w, const Node& node) {
  return {w.at(node.name + ".weight").values, w.at(node.name + ".bias").values,
          w.at(node.name + ".running_mean").values, w.at(spread_name(node)).values};
}

bool has_root(float variance, double epsilon) { return variance + epsilon > 0; }

void kill_channel(Norm& norm, std::size_t c) {
  norm.gamma[c] = 0;
  norm.beta[c] = kDead;
  norm.mean[c] = 0;
  norm.variance[c] = 1;
}

bool apply_rule(const Node& node, NegativeVariance rule, Norm norm) {
  bool rootless = false;
  if (node.l1) return rootless;
  for (std::size_t c = 0; c < norm.variance.size(); ++c) {
    float& v = norm.variance[c];
    if (rule == NegativeVariance::clamp0) v = std::max(v, 0.0f);
    if (rule == NegativeVariance::abs) v = std::abs(v);
    if (has_root(v, node.epsilon)) continue;
    if (rule == NegativeVariance::dead)
      kill_channel(norm, c);
    else
      rootless = true;
  }
  return rootless;
}

std::vector<int> consumers(const Graph& graph, int node) {
  std::vector<int> found;
  for (int i = node + 1; i < static_cast<int>(graph.nodes.size()); ++i) {
    const auto& inputs = graph.nodes[static_cast<std::size_t>(i)].inputs;
    if (std::count(inputs.begin(), inputs.end(), node) > 0) found.push_back(i);
  }
  return found;
}

bool meets_relu(const Graph& graph, int node) {
  const std::vector<int> next = consumers(graph, node);
  return !next.empty() && std::all_of(next.begin(), next.end(), [&](int i) {
    const Op op = graph.nodes[static_cast<std::size_t>(i)].op;
    return op == Op::relu || (op == Op::add && meets_relu(graph, i));
  });
}

void fold(Weights& weights, const Node& convolution, const Node& norm) {
  HostTensor* bias = convolution.has_bias ? &weights.at(convolution.name + ".bias") : nullptr;
  const ChannelAffine affine = channel_affine(weights, norm.channels, &norm, bias);
  std::vector<float>& kernel = weights.at(convolution.name + ".weight").values;
  const std::size_t rows = kernel.size() / affine.scale.size();
  for (std::size_t i = 0; i < kernel.size(); ++i) kernel[i] *= affine.scale[i / rows];
  if (bias) std::fill(bias->values.begin(), bias->values.end(), 0.0f);

  Norm identity = norm_of(weights, norm);
  identity.beta = affine.shift;
  std::fill(identity.gamma.begin(), identity.gamma.end(), 1.0f);
  std::fill(identity.mean.begin(), identity.mean.end(), 0.0f);
  std::fill(identity.variance.begin(), identity.variance.end(),
            static_cast<float>(1.0 - norm.epsilon));
}

}  // namespace

ChannelAffine channel_affine(const Weights& weights, int channels, const Node* norm,
                             const HostTensor* bias) {
  const auto values = [&](const char* suffix) -> const float* {
    return weights.at(norm->name + suffix).values.data();
  };
  const auto n = static_cast<std::size_t>(channels);
  ChannelAffine out{std::vector<float>(n, 1.0f), std::vector<float>(n, 0.0f)};
  if (bias) out.shift = bias->values;
  if (!norm) return out;
  const float *gamma = values(".weight"), *beta = values(".bias");
  const float *mean = values(".running_mean"),
              *spread = weights.at(spread_name(*norm)).values.data();
  for (std::size_t c = 0; c < n; ++c) {
    const double scale = gamma[c] / divisor(*norm, spread[c]);
    out.scale[c] = static_cast<float>(scale);
    out.shift[c] = static_cast<float>(beta[c] + (double{out.shift[c]} - mean[c]) * scale);
  }
  return out;
}

void follow_moments(const ChannelMoments& before, const ChannelMoments& now, const Node& node,
                    Weights& weights) {
  OHMIC_ASSERT(!node.l1);
  Norm norm = norm_of(weights, node);
  for (std::size_t c = 0; c < now.mean.size(); ++c) {
    norm.mean[c] += now.mean[c] - before.mean[c];
    const double ratio = (now.variance[c] + node.epsilon) / (before.variance[c] + node.epsilon);
    norm.variance[c] = static_cast<float>((norm.variance[c] + node.epsilon) * ratio - node.epsilon);
  }
}

void take_moments(const ChannelMoments& now, const Node& node, Weights& weights) {
  OHMIC_ASSERT(!node.l1);
  Norm norm = norm_of(weights, node);
  norm.mean = now.mean;
  norm.variance = now.variance;
}

bool apply_negative_variance(const Graph& graph, NegativeVariance rule, Weights& weights) {
  bool rootless = false;
  for (const Node& node : graph.nodes)
    if (node.op == Op::batch_norm)
      rootless = apply_rule(node, rule, norm_of(weights, node)) || rootless;
  return rootless;
}

bool every_norm_meets_relu(const Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].op == Op::batch_norm && !meets_relu(graph, static_cast<int>(i)))
      return false;
  return true;
}

Weights fold_batch_norm(const Graph& graph, const Weights& weights) {
  Weights folded = weights;
  for (const Node& norm : graph.nodes) {
    if (norm.op != Op::batch_norm) continue;
    const int before = norm.inputs.front();
    const Node& layer = graph.nodes[static_cast<std::size_t>(before)];
    if (layer.op == Op::convolution && consumers(graph, before).size() == 1)
      fold(folded, layer, norm);
  }
  return folded;
}

}  // namespace ohmic
