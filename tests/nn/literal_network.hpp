// A network computed as its definition reads: one image, double precision, one loop per index, no
// fusion, NaN going where IEEE arithmetic sends it. And a small network that has every kind of
// node.
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nn/network/operator_node.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic::test {

enum class ReluOfNan { nan, zero };

class LiteralNetwork {
 public:
  LiteralNetwork(const Graph& graph, const Weights& weights, ReluOfNan rule = ReluOfNan::nan)
      : graph_(graph), weights_(weights), rule_(rule) {}

  std::vector<double> logits(const float* image) {
    values_.clear();
    for (const Node& node : graph_.nodes) values_.push_back(compute(node, image));
    return values_.back();
  }
  using Values = std::vector<double>;
  /// Of every node, for the image that was computed last.
  const std::vector<Values>& values() const { return values_; }

 private:
  const Values& input(const Node& node, int i = 0) const {
    return values_[static_cast<std::size_t>(node.inputs[static_cast<std::size_t>(i)])];
  }
  const Node& input_node(const Node& node) const {
    return graph_.nodes[static_cast<std::size_t>(node.inputs[0])];
  }
  const std::vector<float>& tensor(const Node& node, const char* suffix) const {
    return weights_.at(node.name + suffix).values;
  }

  Values compute(const Node& node, const float* image) const {
    switch (node.op) {
      case Op::input:
        return Values(image, image + node.height * node.width * node.channels);
      case Op::convolution:
      case Op::dense:
        return convolution(node);
      case Op::batch_norm:
        return batch_norm(node);
      case Op::relu:
        return relu(node);
      case Op::add:
        return add(node);
      case Op::constant:
        return {};
      case Op::digital:
        return digital(node, node.call->op);
      case Op::recurrent:
      case Op::part:
        break;
    }
    throw std::logic_error("the literal network has no such operation");
  }

  Values digital(const Node& node, const std::string& op) const {
    if (op == "GlobalAveragePool") return global_average(node);
    if (op == "MaxPool" || op == "AveragePool") return pool(node, op == "MaxPool");
    if (op == "Concat") return concatenate(node);
    if (op == "Slice") return every_second_pixel(node);
    if (op == "Pad") return padded_channels(node);
    throw std::logic_error("the literal network has no operator " + op);
  }

  Values convolution(const Node& node) const {
    const ConvGeometry& g = node.conv;
    const auto& w = tensor(node, ".weight");
    const Values& x = input(node);
    Values y;
    for (int oy = 0; oy < g.out_height(); ++oy)
      for (int ox = 0; ox < g.out_width(); ++ox)
        for (int n = 0; n < g.out_channels; ++n) {
          double sum = node.has_bias ? tensor(node, ".bias")[static_cast<std::size_t>(n)] : 0.0;
          for (int j = 0; j < g.in_channels / g.groups; ++j)
            for (int ky = 0; ky < g.kernel_height; ++ky)
              for (int kx = 0; kx < g.kernel_width; ++kx) {
                const int iy = oy * g.stride_height + ky * g.dilation_height - g.pad_top;
                const int ix = ox * g.stride_width + kx * g.dilation_width - g.pad_left;
                if (iy < 0 || ix < 0 || iy >= g.in_height || ix >= g.in_width) continue;
                const int group = n / (g.out_channels / g.groups);
                const int c = group * (g.in_channels / g.groups) + j;
                const int k = (j * g.kernel_height + ky) * g.kernel_width + kx;
                sum += x[static_cast<std::size_t>((iy * g.in_width + ix) * g.in_channels + c)] *
                       w[static_cast<std::size_t>(n * g.rows() + k)];
              }
          y.push_back(sum);
        }
    return y;
  }

  Values batch_norm(const Node& node) const {
    Values y = input(node);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(node.channels);
      const double below = node.l1 ? tensor(node, ".running_dev")[c] + node.epsilon
                                   : std::sqrt(tensor(node, ".running_var")[c] + node.epsilon);
      y[i] = tensor(node, ".weight")[c] * (y[i] - tensor(node, ".running_mean")[c]) / below +
             tensor(node, ".bias")[c];
    }
    return y;
  }

  Values relu(const Node& node) const {
    Values y = input(node);
    for (double& v : y) {
      if (std::isnan(v) && rule_ == ReluOfNan::nan) continue;
      v = v > 0 ? v : 0.0;
    }
    return y;
  }

  Values add(const Node& node) const {
    Values y = input(node);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += input(node, 1)[i];
    return y;
  }

  Values global_average(const Node& node) const {
    Values y(static_cast<std::size_t>(node.channels), 0.0);
    const Values& x = input(node);
    const double pixels = static_cast<double>(x.size() / y.size());
    for (std::size_t i = 0; i < x.size(); ++i) y[i % y.size()] += x[i] / pixels;
    return y;
  }

  Values every_second_pixel(const Node& node) const {
    const Node& in = input_node(node);
    Values y;
    for (int oy = 0; oy < node.height; ++oy)
      for (int ox = 0; ox < node.width; ++ox)
        for (int c = 0; c < node.channels; ++c)
          y.push_back(input(
              node)[static_cast<std::size_t>((2 * oy * in.width + 2 * ox) * in.channels + c)]);
    return y;
  }

  Values padded_channels(const Node& node) const {
    const int inside = input_node(node).channels, before = (node.channels - inside) / 2;
    Values y;
    for (int pixel = 0; pixel < node.height * node.width; ++pixel)
      for (int c = -before; c < node.channels - before; ++c)
        y.push_back(c >= 0 && c < inside ? input(node)[static_cast<std::size_t>(pixel * inside + c)]
                                         : 0.0);
    return y;
  }

  Values pool(const Node& node, bool is_largest) const {
    const Node& in = input_node(node);
    const auto& sides = std::get<std::vector<std::int64_t>>(node.call->attributes.at("strides"));
    const int stride = static_cast<int>(sides[0]);
    Values y;
    for (int oy = 0; oy < node.height; ++oy)
      for (int ox = 0; ox < node.width; ++ox)
        for (int c = 0; c < node.channels; ++c) {
          double sum = 0, largest = -1e300;
          for (int iy = oy * stride; iy < (oy + 1) * stride; ++iy)
            for (int ix = ox * stride; ix < (ox + 1) * stride; ++ix) {
              const int i = (iy * in.width + ix) * in.channels + c;
              sum += input(node)[static_cast<std::size_t>(i)];
              largest = std::max(largest, input(node)[static_cast<std::size_t>(i)]);
            }
          y.push_back(is_largest ? largest : sum / (stride * stride));
        }
    return y;
  }

  Values concatenate(const Node& node) const {
    const auto n = static_cast<std::size_t>(input_node(node).channels);
    const std::size_t all = static_cast<std::size_t>(node.channels), m = all - n;
    Values y;
    for (int p = 0; p < node.height * node.width; ++p)
      for (std::size_t c = 0; c < all; ++c)
        y.push_back(c < n ? input(node)[static_cast<std::size_t>(p) * n + c]
                          : input(node, 1)[static_cast<std::size_t>(p) * m + c - n]);
    return y;
  }

  const Graph& graph_;
  const Weights& weights_;
  ReluOfNan rule_;
  std::vector<Values> values_;
};

/// Builds small graphs node by node.
class GraphMaker {
 public:
  explicit GraphMaker(int side, int channels) {
    graph_.model = "small";
    graph_.layout = "test";
    Node node;
    node.height = node.width = side;
    node.channels = channels;
    graph_.nodes.push_back(node);
  }
  int convolution(const std::string& name, int from, int channels, int kernel, int stride,
                  bool has_bias, int groups = 1) {
    const Node in = at(from);
    Node node = next(Op::convolution, {from}, name);
    const int pad = stride == 1 ? kernel / 2 : 0;
    const int pad_end = stride == 1 ? kernel / 2 : (kernel > 1 ? 1 : 0);
    node.conv = {in.height, in.width, in.channels, channels, kernel,  kernel, stride,
                 stride,    pad,      pad,         pad_end,  pad_end, groups};
    node.height = node.conv.out_height();
    node.width = node.conv.out_width();
    node.channels = channels;
    node.has_bias = has_bias;
    return push(node);
  }
  int dense(const std::string& name, int from, int classes) {
    Node node = next(Op::dense, {from}, name);
    node.conv.in_channels = at(from).channels;
    node.conv.out_channels = node.channels = graph_.classes = classes;
    node.height = node.width = 1;
    node.has_bias = true;
    return push(node);
  }
  int norm(const std::string& name, int from, bool l1 = false) {
    Node node = next(Op::batch_norm, {from}, name);
    node.epsilon = 1e-3;
    node.l1 = l1;
    return push(node);
  }
  int relu(int from) { return push(next(Op::relu, {from}, "")); }
  int add(int a, int b) { return push(next(Op::add, {a, b}, "")); }
  int average(int from) {
    return add_operator(graph_, "GlobalAveragePool", {from}, {at(from).channels, 1, 1});
  }
  int subsample(int from, int channels) {
    const int less = at(from).channels, more = channels - less, before = more / 2;
    const int height = (at(from).height + 1) / 2, width = (at(from).width + 1) / 2;
    const int pixels = add_operator(graph_, "Slice",
                                    {from, add_integers(graph_, {0, 0}),
                                     add_integers(graph_, {at(from).height, at(from).width}),
                                     add_integers(graph_, {2, 3}), add_integers(graph_, {2, 2})},
                                    {less, height, width});
    const int pads = add_integers(graph_, {0, before, 0, 0, 0, more - before, 0, 0});
    return add_operator(graph_, "Pad", {pixels, pads}, {channels, height, width});
  }
  int pool(const std::string& op, int from) {
    const std::vector<std::int64_t> sides{2, 2};
    return add_operator(graph_, op, {from},
                        {at(from).channels, at(from).height / 2, at(from).width / 2},
                        {{"kernel_shape", sides}, {"strides", sides}});
  }
  int concatenate(int a, int b) {
    return add_operator(graph_, "Concat", {a, b},
                        {at(a).channels + at(b).channels, at(a).height, at(a).width},
                        {{"axis", std::int64_t{1}}});
  }
  Graph graph() const { return graph_; }

 private:
  const Node& at(int i) const { return graph_.nodes[static_cast<std::size_t>(i)]; }
  Node next(Op op, std::vector<int> inputs, const std::string& name) const {
    const Node& in = at(inputs[0]);
    Node node;
    node.op = op;
    node.name = name;
    node.inputs = std::move(inputs);
    node.height = in.height;
    node.width = in.width;
    node.channels = in.channels;
    return node;
  }
  int push(Node node) {
    graph_.nodes.push_back(std::move(node));
    return static_cast<int>(graph_.nodes.size()) - 1;
  }
  Graph graph_;
};

/// Every operation that small_resnet lacks: depthwise and grouped convolutions, both pools,
/// channels side by side, BatchNorm before the ReLU before a convolution, L1 BatchNorm; 6 x 6 x 3
/// pixels, 5 classes.
inline Graph small_mixture(bool l1) {
  GraphMaker g(6, 3);
  int x = g.relu(g.norm("bn1", g.convolution("conv1", 0, 4, 3, 1, false), l1));
  x = g.relu(g.norm("bn2", g.convolution("depthwise", x, 4, 3, 1, false, 4), l1));
  x = g.pool("MaxPool", g.convolution("pairs", x, 6, 3, 1, true, 2));
  const int y = g.relu(g.norm("bn3", x, l1));
  x = g.concatenate(x, g.convolution("conv2", y, 2, 3, 1, true));
  x = g.pool("AveragePool", g.convolution("conv3", g.relu(g.norm("bn4", x, l1)), 8, 1, 1, true));
  g.dense("linear", g.average(x), 5);
  return g.graph();
}

/// Stem, a block with identity shortcut, a block with projection (no BatchNorm on it) when `keras`,
/// else option A; average and dense: 6 x 6 x 3 pixels, 4 then 8 channels, 5 classes.
inline Graph small_resnet(bool keras) {
  GraphMaker g(6, 3);
  int x = g.relu(g.norm("bn1", g.convolution("conv1", 0, 4, 3, 1, keras)));
  int y = g.relu(g.norm("a.bn1", g.convolution("a.conv1", x, 4, 3, 1, keras)));
  y = g.norm("a.bn2", g.convolution("a.conv2", y, 4, 3, 1, keras));
  x = g.relu(g.add(y, x));
  y = g.relu(g.norm("b.bn1", g.convolution("b.conv1", x, 8, 3, 2, keras)));
  y = g.norm("b.bn2", g.convolution("b.conv2", y, 8, 3, 1, keras));
  const int shortcut = keras ? g.convolution("b.proj", x, 8, 1, 2, true) : g.subsample(x, 8);
  x = g.relu(keras ? g.add(shortcut, y) : g.add(y, shortcut));
  g.dense("linear", g.average(x), 5);
  return g.graph();
}

inline std::vector<float> normals(std::size_t count, std::uint16_t which) {
  std::vector<float> z(count);
  fill_normals(noise_key(20261121, 0), {Stream::synthetic_data, which}, 0, std::span<float>(z));
  return z;
}

/// Weights as a trained network's: kernels of variance 1/rows, gamma near 1, variance in [0.2,
/// ...).
inline Weights random_weights(const Graph& graph) {
  Weights weights;
  std::uint16_t tensor = 0;
  const auto make = [&](const std::string& name, std::vector<std::int64_t> shape, auto&& f) {
    std::int64_t count = 1;
    for (const std::int64_t n : shape) count *= n;
    std::vector<float> values = normals(static_cast<std::size_t>(count), tensor++);
    for (float& v : values) v = static_cast<float>(f(v));
    weights[name] = {std::move(shape), std::move(values)};
  };
  for (const Node& node : graph.nodes) {
    const ConvGeometry& g = node.conv;
    const auto kernel = [&](double z) { return z * std::sqrt(1.6 / g.rows()); };
    const auto small = [](double z) { return 0.2 * z; };
    if (node.op == Op::convolution)
      make(node.name + ".weight",
           {g.out_channels, g.in_channels / g.groups, g.kernel_height, g.kernel_width}, kernel);
    if (node.op == Op::dense) make(node.name + ".weight", {g.out_channels, g.in_channels}, kernel);
    if (node.has_bias) make(node.name + ".bias", {node.channels}, small);
    if (node.op != Op::batch_norm) continue;
    make(node.name + ".weight", {node.channels}, [](double z) { return 1 + 0.2 * z; });
    make(node.name + ".bias", {node.channels}, small);
    make(node.name + ".running_mean", {node.channels}, small);
    make(spread_name(node), {node.channels}, [](double z) { return 0.2 + z * z; });
  }
  return weights;
}

}  // namespace ohmic::test
