#include "nn/torch/noise_propagation.hpp"

#include <torch/torch.h>

#include <algorithm>

#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// Gradients of so many logits (images times classes) are held at a time.
constexpr std::int64_t kLogitsAtOnce = 80;

/// A dense layer at every position of a sequence, images x positions x K.
bool is_at_positions(const Node& node, const Tensor& x) {
  return node.op == Op::dense && x.dim() == 3;
}

/// What a layer multiplies its weights with, images x K x positions, in the order of its matrix.
Tensor patches(const Node& node, const Tensor& x) {
  if (is_at_positions(node, x)) return x.transpose(1, 2);
  if (node.op == Op::dense) return x.flatten(1).unsqueeze(2);
  const ConvGeometry& g = node.conv;
  const Tensor padded =
      at::constant_pad_nd(x.contiguous(), {g.pad_left, g.pad_right, g.pad_top, g.pad_bottom}, 0);
  return at::im2col(padded, {g.kernel_height, g.kernel_width},
                    {g.dilation_height, g.dilation_width}, {0, 0},
                    {g.stride_height, g.stride_width});
}

/// A(c, c') of one layer, images x classes x classes. `errors`: gradients of each logit with
/// respect to the layer's outputs, one tensor of all images per class. Outputs of a group depend on
/// the rows of that group alone.
Tensor gram(const Node& node, const Tensor& x, const std::vector<Tensor>& errors) {
  const std::int64_t images = x.size(0), groups = node.conv.groups, N = node.channels / groups;
  const auto classes = static_cast<std::int64_t>(errors.size());
  const Tensor all_patches = patches(node, x);
  const std::int64_t K = all_patches.size(1) / groups;
  const Tensor K_by_P = all_patches.reshape({images * groups, K, -1});
  const Tensor outputs = at::stack(errors, 1);
  const Tensor delta = (is_at_positions(node, x) ? outputs.transpose(2, 3) : outputs)
                           .reshape({images, classes, groups, N, -1})
                           .transpose(1, 2)
                           .reshape({images * groups, classes * N, -1});
  const Tensor gradients = at::bmm(delta, K_by_P.transpose(1, 2))
                               .view({images, groups, classes, N * K})
                               .transpose(1, 2)
                               .reshape({images, classes, -1});
  return at::bmm(gradients, gradients.transpose(1, 2));
}

void append_pairs(const Tensor& matrices, std::int64_t image, std::vector<float>& to) {
  const auto a = matrices.accessor<float, 3>();
  for (std::int64_t c = 0; c < a.size(1); ++c)
    for (std::int64_t other = 0; other <= c; ++other) to.push_back(a[image][c][other]);
}

}  // namespace

struct NoisePropagation::State {
  struct Seen {
    const Node* node;
    Tensor x, y;
  };

  Graph graph;
  TorchGraph network;

  /// Every crossbar layer's input and output while logits are computed.
  Tensor forward(const float* nhwc, std::int64_t images, std::vector<Seen>& seen) {
    return network.observed(network.images(nhwc, images),
                            [&](std::size_t i, const Tensor& x, const Tensor& y) {
                              const Node& node = graph.nodes[i];
                              if (node.op == Op::convolution || node.op == Op::dense)
                                seen.push_back({&node, x.detach(), y});
                            });
  }

  void add_batch(const float* nhwc, std::int64_t images, LogitSpread& spread) {
    std::vector<Seen> seen;
    const Tensor logits = forward(nhwc, images, seen);
    std::vector<Tensor> outputs;
    for (const Seen& s : seen) outputs.push_back(s.y);
    std::vector<std::vector<Tensor>> errors(seen.size());
    for (std::int64_t c = 0; c < graph.classes; ++c) {
      const auto of_class = torch::autograd::grad({logits.select(1, c).sum()}, outputs, {}, true);
      for (std::size_t l = 0; l < seen.size(); ++l) errors[l].push_back(of_class[l]);
    }
    const at::NoGradGuard no_gradients;
    std::vector<Tensor> grams;
    for (std::size_t l = 0; l < seen.size(); ++l)
      grams.push_back(gram(*seen[l].node, seen[l].x, std::exchange(errors[l], {})).contiguous());
    const Tensor host = logits.detach().contiguous();
    spread.logits.insert(spread.logits.end(), host.data_ptr<float>(),
                         host.data_ptr<float>() + host.numel());
    for (std::int64_t i = 0; i < images; ++i)
      for (const Tensor& g : grams) append_pairs(g, i, spread.gram);
  }
};

NoisePropagation::NoisePropagation(const Graph& graph, const Weights& weights)
    : state_(new State{graph, TorchGraph(graph, weights, "cpu")}) {
  for (const Node& node : graph.nodes)
    if (node.op == Op::recurrent)
      throw UnsupportedError(
          "linear propagation: layer " + node.name +
          " is recurrent, its weights meet every time step and noise of one feeds the next; "
          "expected a network without recurrent layers");
}

NoisePropagation::~NoisePropagation() = default;

void NoisePropagation::add(const float* nhwc, std::int64_t images, LogitSpread& spread) {
  const Graph& graph = state_->graph;
  if (spread.classes == 0) {
    spread.classes = graph.classes;
    for (const Node& node : graph.nodes)
      if (node.op == Op::convolution || node.op == Op::dense) spread.layers.push_back(node.name);
  }
  const Node& input = graph.nodes.front();
  const std::int64_t pixels = std::int64_t{input.height} * input.width * input.channels;
  const std::int64_t at_once = std::max<std::int64_t>(1, kLogitsAtOnce / graph.classes);
  for (std::int64_t i = 0; i < images; i += at_once)
    state_->add_batch(nhwc + i * pixels, std::min(at_once, images - i), spread);
}

}  // namespace ohmic
