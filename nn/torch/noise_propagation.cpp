#include "nn/torch/noise_propagation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/im2col.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// Gradients of the logits with respect to outputs of layers that are held at a time, numbers.
constexpr std::int64_t kGradientsAtOnce = 16 << 20;

/// Rows at every position of a sequence or time step, images x positions x K.
bool is_at_positions(const Node& node, const Tensor& x) {
  return node.op != Op::convolution && x.dim() == 3;
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
///
/// With X the rows at P positions and D_c the errors there, A(c, c') = <D_c^T X, D_c'^T X> =
/// <D_c, (X X^T) D_c'>: the second costs less where there are fewer positions than rows.
Tensor gram(const Node& node, const Tensor& x, const std::vector<Tensor>& errors) {
  const std::int64_t images = x.size(0), groups = node.conv.groups;
  const std::int64_t N = node.conv.columns() / groups;
  const auto classes = static_cast<std::int64_t>(errors.size());
  const Tensor all_patches = patches(node, x);
  const std::int64_t K = all_patches.size(1) / groups;
  const Tensor K_by_P = all_patches.reshape({images * groups, K, -1});
  const Tensor outputs = at::stack(errors, 1);
  const Tensor delta = (is_at_positions(node, x) ? outputs.transpose(2, 3) : outputs)
                           .reshape({images, classes, groups, N, -1})
                           .transpose(1, 2)
                           .reshape({images * groups, classes * N, -1});
  const auto of_classes = [&](const Tensor& values) {
    return values.reshape({images, groups, classes, -1})
        .transpose(1, 2)
        .reshape({images, classes, -1});
  };
  if (K_by_P.size(2) < K) {
    const Tensor P_by_P = at::bmm(K_by_P.transpose(1, 2), K_by_P);
    return at::bmm(of_classes(at::bmm(delta, P_by_P)), of_classes(delta).transpose(1, 2));
  }
  const Tensor gradients = of_classes(at::bmm(delta, K_by_P.transpose(1, 2)));
  return at::bmm(gradients, gradients.transpose(1, 2));
}

/// Numbers that the crossbar layers give for one image.
std::int64_t outputs_of_layers(const Graph& graph) {
  std::int64_t numbers = 0;
  for (const Node& node : graph.nodes)
    if (has_matrix(node))
      numbers += node.conv.positions() * node.conv.columns() *
                 (node.op == Op::recurrent ? node.shape.front() : 1);
  return numbers;
}

void append_pairs(const Tensor& matrices, std::int64_t image, std::vector<float>& to) {
  const auto a = matrices.accessor<float, 3>();
  for (std::int64_t c = 0; c < a.size(1); ++c)
    for (std::int64_t other = 0; other <= c; ++other) to.push_back(a[image][c][other]);
}

}  // namespace

struct NoisePropagation::State {
  /// A crossbar layer's input and its outputs, of a recurrent one at every time step.
  struct Seen {
    const Node* node;
    std::vector<Tensor> x, y;

    bool has_steps() const { return node->op == Op::recurrent; }
    /// One tensor of all time steps, or the only one.
    Tensor joined(const std::vector<Tensor>& values) const {
      return has_steps() ? at::stack(values, 1) : values.front();
    }
  };

  Graph graph;
  TorchGraph network;

  Tensor forward(const float* nhwc, std::int64_t images, std::vector<Seen>& seen) {
    return network.observed(network.images(nhwc, images),
                            [&](std::size_t i, const Tensor& x, const Tensor& y) {
                              const Node& node = graph.nodes[i];
                              if (!has_matrix(node)) return;
                              if (seen.empty() || seen.back().node != &node)
                                seen.push_back({&node, {}, {}});
                              seen.back().x.push_back(x.detach());
                              seen.back().y.push_back(y);
                            });
  }

  /// By layer and class: gradients of a logit with respect to the layer's outputs.
  std::vector<std::vector<Tensor>> errors_of(const std::vector<Seen>& seen,
                                             const Tensor& logits) const {
    std::vector<Tensor> outputs;
    for (const Seen& s : seen) outputs.insert(outputs.end(), s.y.begin(), s.y.end());
    std::vector<std::vector<Tensor>> errors(seen.size());
    for (std::int64_t c = 0; c < graph.classes; ++c) {
      auto all = torch::autograd::grad({logits.select(1, c).sum()}, outputs, {}, true, false, true);
      for (std::size_t i = 0; i < all.size(); ++i)  // a step after the last that is read
        if (!all[i].defined()) all[i] = at::zeros_like(outputs[i]);
      auto next = all.begin();
      for (std::size_t l = 0; l < seen.size(); ++l) {
        const auto end = next + std::ssize(seen[l].y);
        errors[l].push_back(seen[l].joined({next, end}));
        next = end;
      }
    }
    return errors;
  }

  void add_batch(const float* nhwc, std::int64_t images, LogitSpread& spread) {
    std::vector<Seen> seen;
    const Tensor logits = forward(nhwc, images, seen);
    std::vector<std::vector<Tensor>> errors = errors_of(seen, logits);
    const at::NoGradGuard no_gradients;
    std::vector<Tensor> grams;
    for (std::size_t l = 0; l < seen.size(); ++l)
      grams.push_back(gram(*seen[l].node, seen[l].joined(seen[l].x), std::exchange(errors[l], {}))
                          .contiguous());
    const Tensor host = logits.detach().contiguous();
    spread.logits.insert(spread.logits.end(), host.data_ptr<float>(),
                         host.data_ptr<float>() + host.numel());
    for (std::int64_t i = 0; i < images; ++i)
      for (const Tensor& g : grams) append_pairs(g, i, spread.gram);
  }
};

void refuse_shared_crossbars(const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (node.shares >= 0)
      throw UnsupportedError(
          "noise layer by layer: the crossbar of " +
          graph.nodes[static_cast<std::size_t>(node.shares)].name +
          " is used several times, and what its devices do each time adds up; accepted are "
          "networks whose crossbars are used once");
}

NoisePropagation::NoisePropagation(const Graph& graph, const Weights& weights)
    : state_(new State{graph, TorchGraph(graph, weights, "cpu")}) {
  refuse_shared_crossbars(graph);
}

NoisePropagation::~NoisePropagation() = default;

void NoisePropagation::add(const float* nhwc, std::int64_t images, LogitSpread& spread) {
  const Graph& graph = state_->graph;
  if (spread.classes == 0) {
    spread.classes = graph.classes;
    for (const Node& node : graph.nodes)
      if (has_matrix(node)) spread.layers.push_back(node.name);
  }
  const Node& input = graph.nodes.front();
  const std::int64_t pixels = std::int64_t{input.height} * input.width * input.channels;
  const std::int64_t at_once =
      std::max<std::int64_t>(1, kGradientsAtOnce / (graph.classes * outputs_of_layers(graph)));
  for (std::int64_t i = 0; i < images; i += at_once)
    state_->add_batch(nhwc + i * pixels, std::min(at_once, images - i), spread);
}

}  // namespace ohmic
