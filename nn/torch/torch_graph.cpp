#include "nn/torch/torch_graph.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "nn/denormals.hpp"
#include "nn/torch/convolution.hpp"
#include "nn/torch/fused_norm.hpp"
#include "nn/torch/norm_chains.hpp"
#include "nn/torch/operator_calls.hpp"
#include "nn/torch/value_layout.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using at::Tensor;

constexpr std::int64_t kAlignment = 16;  // floats: every tensor starts on a cache line

std::int64_t elements(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t side : shape) n *= side;
  return n;
}

/// The tensor of `shape` at `offset` of a flat buffer; kernels are channels-last.
Tensor view(const Tensor& flat, std::int64_t offset, const std::vector<std::int64_t>& shape) {
  const Tensor part = flat.narrow(0, offset, elements(shape));
  if (shape.size() != 4) return part.view(shape).detach();
  return part.view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2}).detach();
}

/// Per channel, as x's other axes have it.
Tensor per_channel(const Tensor& values) { return values.view({1, -1, 1, 1}); }

/// What makes the mean of the k largest of many absolute normal values 1, p being their share: with
/// z such that a share p is beyond it, that mean is 2 phi(z)/p.
double largest_factor(double p) {
  const auto twice_phi = [](double z) { return std::sqrt(2 / M_PI) * std::exp(-0.5 * z * z); };
  double z = 0;  // Newton's iteration climbs: the share beyond z is convex
  for (int i = 0; i < 50; ++i) z += (std::erfc(z * M_SQRT1_2) - p) / twice_phi(z);
  return p / twice_phi(z);
}

/// Of each channel: sqrt(pi/2) times the mean of the absolute deviations, or what stands for it of
/// the largest; the factor makes it the standard deviation of normal values.
Tensor deviation_of(const Node& node, const Tensor& deviations) {
  if (node.top_k == 0) return deviations.mean(at::IntArrayRef{0, 2, 3}) * std::sqrt(M_PI / 2);
  const Tensor by_channel = deviations.transpose(0, 1).flatten(1);
  const std::int64_t n = by_channel.size(1), k = std::min<std::int64_t>(node.top_k, n);
  const Tensor largest = std::get<0>(by_channel.topk(k, 1, true, false));
  return largest.mean(1) * largest_factor(static_cast<double>(k) / static_cast<double>(n));
}

/// BatchNorm with the mean absolute deviation, of all values or of those farthest from their mean.
Tensor l1_batch_norm(const Node& node, const Tensor& input, const std::vector<Tensor>& p,
                     bool training, double momentum) {
  const Tensor x = input.to(at::kFloat);
  Tensor mean = p[2], deviation = p[3];
  if (training) {
    mean = x.mean(at::IntArrayRef{0, 2, 3});
    deviation = deviation_of(node, x.sub(per_channel(mean)).abs());
    const at::NoGradGuard no_gradients;
    p[2].lerp_(mean, momentum);
    p[3].lerp_(deviation, momentum);
  }
  const Tensor scale = p[0] / (deviation + node.epsilon);
  return x.sub(per_channel(mean)).mul(per_channel(scale)).add(per_channel(p[1])).to(input.dtype());
}

/// One step of a recurrent cell from the gates of both products; `c` of an LSTM is moved on.
Tensor recurrent_step(RecurrentCell cell, const Tensor& x, const Tensor& r, const Tensor& h,
                      Tensor& c) {
  if (cell == RecurrentCell::relu) return x.add(r).relu();
  if (cell == RecurrentCell::tanh) return x.add(r).tanh();
  const auto gates_x = x.chunk(gates(cell), 1), gates_r = r.chunk(gates(cell), 1);
  const auto sigmoid = [&](std::size_t g) { return gates_x[g].add(gates_r[g]).sigmoid(); };
  if (cell == RecurrentCell::gru) {
    const Tensor z = sigmoid(0), reset = sigmoid(1);
    const Tensor n = gates_x[2].add(reset.mul(gates_r[2])).tanh();
    return n.add(z.mul(h.sub(n)));
  }
  c = sigmoid(2).mul(c).add(sigmoid(0).mul(gates_x[3].add(gates_r[3]).tanh()));
  return sigmoid(1).mul(c.tanh());
}

/// All time steps: h, for an LSTM h and c side by side, from the products with h at step t.
template <class ProductOf>
Tensor recur(const Node& node, const Tensor& x, const ProductOf& product_of) {
  Tensor h = at::zeros({x.size(0), node.conv.in_channels}, x.options()), c = h;
  std::vector<Tensor> steps;
  for (std::int64_t t = 0; t < x.size(1); ++t) {
    const Tensor product = product_of(h, t);
    h = recurrent_step(node.cell, x.select(1, t), product, h, c);
    steps.push_back(node.cell == RecurrentCell::lstm ? at::cat({h, c}, 1) : h);
  }
  return at::stack(steps, 1);
}

/// Lets go of what a node that reads `inputs` was the last to read.
void release_read(const std::vector<int>& inputs, std::vector<int>& unread,
                  std::vector<Tensor>& values) {
  for (const int input : inputs)
    if (--unread[static_cast<std::size_t>(input)] == 0)
      values[static_cast<std::size_t>(input)].reset();
}

}  // namespace

struct TorchGraph::State {
  State(const Graph& g, const std::string& device_name, Precision p,
        std::shared_ptr<const Weights> lent = nullptr)
      : graph(g),
        shapes(parameter_shapes(g)),
        device(device_name),
        precision(p),
        calls(g, device_name),
        reads(reads_of(g)),
        readers(count_readers(reads)),
        chains(g) {
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setAllowTF32CuDNN(false);
    find_wide();
    of_node.resize(graph.nodes.size());
    lent ? borrow(lent) : allocate();
  }

  /// Digital nodes that dense layers read, by way of others or not.
  void find_wide() {
    is_wide.assign(graph.nodes.size(), false);
    for (std::size_t i = graph.nodes.size(); i-- > 0;) {
      const Node& node = graph.nodes[i];
      if (node.op != Op::dense && !is_wide[i]) continue;
      for (const int input : node.inputs) {
        const auto n = static_cast<std::size_t>(input);
        const Op op = graph.nodes[n].op;
        is_wide[n] = op == Op::digital || op == Op::part;
      }
    }
  }

  void allocate() {
    std::vector<std::int64_t> offsets;
    std::int64_t size = 0;
    for (const ParameterShape& p : shapes) {
      offsets.push_back(size);
      if (p.trainable) size += (elements(p.shape) + kAlignment - 1) / kAlignment * kAlignment;
    }
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
    parameters = at::zeros({size}, options);
    gradients = at::zeros({size}, options);
    kernels = at::zeros({size}, options);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const ParameterShape& p = shapes[i];
      tensors.push_back(p.trainable ? trainable(p, offsets[i]) : at::zeros(p.shape, options));
      of_node[static_cast<std::size_t>(p.node)].push_back(tensors.back());
    }
  }

  /// The given numbers where they lie.
  void borrow(const std::shared_ptr<const Weights>& weights) {
    check_weights(graph, *weights, "the given weights");
    for (const ParameterShape& p : shapes) {
      auto* values = const_cast<float*>(weights->at(p.name).values.data());  // nobody writes there
      Tensor tensor = at::from_blob(
          values, p.shape, [weights](void*) {}, at::kFloat);
      if (p.shape.size() == 4)
        tensor = at::empty({p.shape[0], p.shape[2], p.shape[3], p.shape[1]}, at::kFloat)
                     .permute({0, 3, 1, 2})
                     .copy_(tensor);
      tensors.push_back(tensor);
      of_node[static_cast<std::size_t>(p.node)].push_back(tensor);
    }
  }

  bool owns() const { return parameters.defined(); }

  Tensor trainable(const ParameterShape& p, std::int64_t offset) {
    Tensor value = view(parameters, offset, p.shape);
    value.requires_grad_(true);
    value.mutable_grad() = view(gradients, offset, p.shape);
    if (p.shape.size() == 4) kernels.narrow(0, offset, elements(p.shape)).fill_(1);
    return value;
  }

  const Tensor& tensor(const std::string& name) const {
    const auto found = std::find_if(shapes.begin(), shapes.end(),
                                    [&](const ParameterShape& p) { return p.name == name; });
    OHMIC_ASSERT(found != shapes.end());
    return tensors[static_cast<std::size_t>(found - shapes.begin())];
  }

  /// Whether a value may be overwritten: one node reads it, and its own gradient does not need it.
  bool is_scratch(int from) const {
    if (observer != nullptr) return false;
    const auto i = static_cast<std::size_t>(from);
    const Op op = graph.nodes[i].op;
    return readers[i] == 1 && (op == Op::convolution || op == Op::batch_norm || op == Op::add);
  }

  Tensor convolution(std::size_t i, const Tensor& x) const {
    const std::vector<Tensor>& p = of_node[i];
    const Tensor bias = p.size() > 1 ? p[1] : Tensor();
    if (precision == Precision::f32) return convolve(graph.nodes[i].conv, x, p[0], bias);
    return convolve(graph.nodes[i].conv, x.to(at::kBFloat16), p[0].to(at::kBFloat16),
                    bias.defined() ? bias.to(at::kBFloat16) : bias);
  }

  Tensor dense(std::size_t i, const Tensor& x) const {
    const std::vector<Tensor>& p = of_node[i];
    const Node& node = graph.nodes[i];
    const bool is_flat = node.op == Op::dense && node.shape.empty();
    return at::linear((is_flat ? x.flatten(1) : x).to(at::kFloat), p[0],
                      p.size() > 1 ? p[1] : Tensor());
  }

  /// Of a node with a matrix, at a time step of a recurrent one.
  Tensor product(std::size_t i, const Tensor& x, std::int64_t step) const {
    const std::vector<Tensor>& p = of_node[i];
    const Tensor bias = p.size() > 1 ? p[1] : Tensor();
    if (layers != nullptr && *layers)
      if (Tensor y = (*layers)({i, step, x, p[0], bias}); y.defined()) return y;
    return graph.nodes[i].op == Op::convolution ? convolution(i, x) : dense(i, x);
  }

  Tensor add(const Node& node, const std::vector<Tensor>& values) const {
    Tensor a = values[static_cast<std::size_t>(node.inputs[0])];
    Tensor b = values[static_cast<std::size_t>(node.inputs[1])];
    if (is_scratch(node.inputs[1])) return b.add_(a);
    return is_scratch(node.inputs[0]) ? a.add_(b) : a.add(b);
  }

  /// Of a training; on a GPU and in bf16 norms are LibTorch's.
  bool computes_chains(bool training) const {
    return training && device.is_cpu() && precision == Precision::f32;
  }

  Tensor chain(const NormChain& chain, const std::vector<Tensor>& values) const {
    const auto norm = static_cast<std::size_t>(chain.norm);
    const Node& node = graph.nodes[norm];
    const std::vector<Tensor>& p = of_node[norm];
    const Tensor& x = values[static_cast<std::size_t>(node.inputs[0])];
    return fused_norm(
        x, {p[0], p[1], p[2], p[3]},
        chain.residual < 0 ? Tensor() : values[static_cast<std::size_t>(chain.residual)],
        {graph.batch_norm_momentum, node.epsilon, chain.relu});
  }

  Tensors call(std::size_t i, const std::vector<Tensor>& values) const {
    const Node& node = graph.nodes[i];
    Tensors inputs;
    for (const int input : node.inputs) {
      const Tensor& x = values[static_cast<std::size_t>(input)];
      inputs.push_back(is_wide[i] && precision == Precision::bf16 && x.defined() &&
                               x.scalar_type() == at::kBFloat16
                           ? x.to(at::kFloat)
                           : x);
    }
    return calls.run(node, std::move(inputs));
  }

  Tensor run(std::size_t i, const std::vector<Tensor>& values, bool training) {
    const Node& node = graph.nodes[i];
    const std::vector<Tensor>& p = of_node[i];
    Tensor x = node.inputs.empty() ? Tensor() : values[static_cast<std::size_t>(node.inputs[0])];
    switch (node.op) {
      case Op::convolution:
      case Op::dense:
        return product(i, x, 0);
      case Op::recurrent:
        return recur(node, x, [&](const Tensor& h, std::int64_t t) {
          const Tensor y = product(i, h, t);
          if (observer != nullptr) (*observer)(i, h, y);
          return y;
        });
      case Op::digital: {
        Tensors all = call(i, values);
        if (all.size() > 1) outputs[static_cast<int>(i)] = all;
        return all.front();
      }
      case Op::part:
        return outputs.at(node.inputs[0]).at(static_cast<std::size_t>(node.output));
      case Op::constant:
        return calls.constants()[i];
      case Op::batch_norm:
        if (node.l1) return l1_batch_norm(node, x, p, training, graph.batch_norm_momentum);
        return at::batch_norm(x, p[0], p[1], p[2], p[3], training, graph.batch_norm_momentum,
                              node.epsilon, true);
      case Op::relu:
        return is_scratch(node.inputs[0]) ? x.relu_() : x.relu();
      case Op::add:
        return add(node, values);
      case Op::input:
        break;
    }
    return x;
  }

  Graph graph;
  std::vector<ParameterShape> shapes;
  at::Device device;
  Precision precision;
  OperatorCalls calls;
  std::vector<bool> is_wide;           ///< by node; float also where convolutions are bf16
  const Observer* observer = nullptr;  ///< sees values, which are then not overwritten
  const Layers* layers = nullptr;      ///< of this pass
  Reads reads;
  std::vector<int> readers;  ///< of each node's value
  NormChains chains;
  Tensor parameters, gradients, kernels;
  std::vector<Tensor> tensors;               ///< as shapes
  std::vector<std::vector<Tensor>> of_node;  ///< the same by node
  std::map<int, Tensors> outputs;            ///< of digital nodes with several, in this pass
};

TorchGraph::TorchGraph(const Graph& graph, const Weights& weights, const std::string& device,
                       Precision precision)
    : state_(std::make_unique<State>(graph, device, precision)) {
  set_weights(weights);
}

TorchGraph::TorchGraph(const Graph& graph, std::shared_ptr<const Weights> weights)
    : state_(std::make_unique<State>(graph, "cpu", Precision::f32, std::move(weights))) {}

TorchGraph::~TorchGraph() = default;

void TorchGraph::set_weights(const Weights& weights) {
  OHMIC_ASSERT(state_->owns());
  check_weights(state_->graph, weights, "the given weights");
  const at::NoGradGuard no_gradients;
  const Tensor flat = at::zeros(state_->parameters.sizes(), at::kFloat);  // goes over as a whole
  for (std::size_t i = 0; i < state_->shapes.size(); ++i) {
    const ParameterShape& p = state_->shapes[i];
    auto* values = const_cast<float*>(weights.at(p.name).values.data());  // from_blob has no const
    const Tensor host = at::from_blob(values, p.shape, at::kFloat);
    const Tensor& there = state_->tensors[i];
    p.trainable ? view(flat, there.storage_offset(), p.shape).copy_(host) : there.copy_(host);
  }
  state_->parameters.copy_(flat);
}

void TorchGraph::set_tensor(const std::string& name, const HostTensor& values) {
  OHMIC_ASSERT(state_->owns());
  const at::NoGradGuard no_gradients;
  const Tensor& there = state_->tensor(name);
  OHMIC_ASSERT(there.numel() == static_cast<std::int64_t>(values.values.size()));
  there.copy_(at::from_blob(const_cast<float*>(values.values.data()), there.sizes(), at::kFloat));
}

float* TorchGraph::memory_of(const std::string& name) {
  OHMIC_ASSERT(state_->owns());
  return state_->tensor(name).data_ptr<float>();
}

Weights TorchGraph::weights() const {
  const at::NoGradGuard no_gradients;
  Weights weights;
  for (std::size_t i = 0; i < state_->shapes.size(); ++i) {
    const Tensor host = state_->tensors[i].to(at::kCPU).contiguous();
    const float* values = host.data_ptr<float>();
    weights[state_->shapes[i].name] = {state_->shapes[i].shape, {values, values + host.numel()}};
  }
  return weights;
}

Tensor TorchGraph::images(const float* nhwc, std::int64_t count) const {
  return tensor_at(state_->graph.nodes.front(), nhwc, count, "cpu")
      .to(state_->device, at::kFloat, false, true);
}

Tensor TorchGraph::forward(const Tensor& images, bool training, const Layers& layers) {
  OHMIC_ASSERT(!training || state_->owns());
  state_->layers = &layers;
  const DenormalsAreZero fast;
  const NormChains& chains = state_->chains;
  const bool has_chains = state_->computes_chains(training);
  const Reads& reads = has_chains ? chains.reads : state_->reads;
  std::vector<Tensor> values(reads.size());
  std::vector<int> unread = count_readers(reads);
  values[0] = images;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (has_chains && chains.is_within[i]) continue;
    values[i] = has_chains && chains.ends[i].norm >= 0 ? state_->chain(chains.ends[i], values)
                                                       : state_->run(i, values, training);
    release_read(reads[i], unread, values);
  }
  state_->layers = nullptr;
  state_->outputs.clear();
  return values.back();
}

Tensor TorchGraph::observed(const Tensor& images, const Observer& observer) {
  const std::vector<Node>& nodes = state_->graph.nodes;
  std::vector<Tensor> values(nodes.size());
  std::vector<int> unread = state_->readers;
  values[0] = images;
  state_->observer = &observer;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    values[i] = state_->run(i, values, false);
    if (!nodes[i].inputs.empty() && nodes[i].op != Op::recurrent)
      observer(i, values[static_cast<std::size_t>(nodes[i].inputs[0])], values[i]);
    release_read(nodes[i].inputs, unread, values);
  }
  state_->observer = nullptr;
  state_->outputs.clear();
  return values.back();
}

std::vector<float> TorchGraph::logits(const float* nhwc, std::int64_t count, bool training) {
  const at::NoGradGuard no_gradients;
  const Tensor y = forward(images(nhwc, count), training).to(at::kCPU).flatten(1).contiguous();
  return {y.data_ptr<float>(), y.data_ptr<float>() + y.numel()};
}

Tensor& TorchGraph::parameters() { return state_->parameters; }
Tensor& TorchGraph::gradients() { return state_->gradients; }
Tensor TorchGraph::place_of(const std::string& name, const Tensor& like_parameters) const {
  return at_place(like_parameters, state_->tensor(name));
}

Tensor TorchGraph::at_place(const Tensor& like_parameters, const Tensor& parameter) {
  return like_parameters.as_strided(parameter.sizes(), parameter.strides(),
                                    parameter.storage_offset());
}

std::vector<Tensor> TorchGraph::kernels() const {
  std::vector<Tensor> kernels;
  std::copy_if(state_->tensors.begin(), state_->tensors.end(), std::back_inserter(kernels),
               [](const Tensor& t) { return t.dim() >= 2; });
  return kernels;
}

Tensor TorchGraph::convolution_kernels() const { return state_->kernels; }

}  // namespace ohmic
