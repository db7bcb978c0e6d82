#include "nn/network/builder.hpp"

#include <algorithm>
#include <vector>

#include "nn/network/operator_node.hpp"

namespace ohmic {
namespace {

constexpr int kSide = 32, kChannels = 3;

}  // namespace

GraphBuilder::GraphBuilder(const ModelSettings& model, int classes)
    : keras_(model.layout == "keras_v1"), norm_(model.norm), norm_k_(model.norm_k) {
  graph_.model = model.name;
  graph_.layout = model.layout;
  graph_.classes = classes;
  graph_.batch_norm_momentum = keras_ ? 0.01 : 0.1;
  Node input;
  input.height = input.width = kSide;
  input.channels = kChannels;
  push(input);
}

int GraphBuilder::convolution(const std::string& name, int from, int channels, int kernel,
                              int stride, int groups) {
  const Node& in = node(from);
  Node node = next(Op::convolution, {from});
  node.name = name;
  node.has_bias = keras_ || norm_ == "none";
  const auto [before, after] = padding(in.height, kernel, stride);
  node.conv = {in.height, in.width, in.channels, channels, kernel, kernel, stride,
               stride,    before,   before,      after,    after,  groups};
  node.height = node.conv.out_height();
  node.width = node.conv.out_width();
  node.channels = channels;
  return push(node);
}

/// TensorFlow's "same" puts what is odd at the end; the other layout pads both sides alike.
std::pair<int, int> GraphBuilder::padding(int side, int kernel, int stride) const {
  if (!keras_) return {kernel / 2, kernel / 2};
  const int outputs = (side + stride - 1) / stride;
  const int total = std::max((outputs - 1) * stride + kernel - side, 0);
  return {total / 2, total - total / 2};
}

int GraphBuilder::norm(const std::string& name, int from) {
  if (norm_ == "none") return from;
  Node node = next(Op::batch_norm, {from});
  node.name = name;
  node.epsilon = keras_ ? 1e-3 : 1e-5;
  node.l1 = norm_ != "batch";
  node.top_k = norm_ == "top_k_batch" ? norm_k_ : 0;
  return push(node);
}

int GraphBuilder::subsample(int from, int channels, int stride) {
  const int height = node(from).height, width = node(from).width, less = node(from).channels;
  const int more = channels - less, before = more / 2;
  const int rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
  const int pixels =
      add_operator(graph_, "Slice",
                   {from, add_integers(graph_, {0, 0}), add_integers(graph_, {height, width}),
                    add_integers(graph_, {2, 3}), add_integers(graph_, {stride, stride})},
                   {less, rows, columns});
  const int pads = add_integers(graph_, {0, before, 0, 0, 0, more - before, 0, 0});
  return add_operator(graph_, "Pad", {pixels, pads}, {channels, rows, columns});
}

int GraphBuilder::pool(const std::string& op, int from) {
  using Sides = std::vector<std::int64_t>;
  const Node& in = node(from);
  return add_operator(graph_, op, {from}, {in.channels, in.height / 2, in.width / 2},
                      {{"kernel_shape", Sides{2, 2}}, {"strides", Sides{2, 2}}});
}

int GraphBuilder::concatenate(int a, int b) {
  const Node& first = node(a);
  return add_operator(graph_, "Concat", {a, b},
                      {first.channels + node(b).channels, first.height, first.width},
                      {{"axis", std::int64_t{1}}});
}

void GraphBuilder::classify(const std::string& name, int from) {
  const int pooled = add_operator(graph_, "GlobalAveragePool", {from}, {node(from).channels, 1, 1});
  Node dense = next(Op::dense, {pooled});
  dense.name = name;
  dense.has_bias = true;
  dense.conv.in_channels = dense.channels;
  dense.conv.out_channels = dense.channels = graph_.classes;
  push(dense);
}

Node GraphBuilder::next(Op op, std::vector<int> inputs) const {
  const Node& first = node(inputs[0]);
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.height = first.height;
  node.width = first.width;
  node.channels = first.channels;
  return node;
}

int GraphBuilder::push(Node node) {
  graph_.nodes.push_back(std::move(node));
  return static_cast<int>(graph_.nodes.size()) - 1;
}

}  // namespace ohmic
