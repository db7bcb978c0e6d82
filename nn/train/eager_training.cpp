#include "nn/train/eager_training.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>

#include <iterator>
#include <utility>

#include "nn/torch/convolution.hpp"
#include "nn/torch/operator_calls.hpp"
#include "nn/torch/value_layout.hpp"
#include "simulator/error.hpp"

namespace ohmic {

using at::Tensor;

struct EagerTraining::State {
  State(const Graph& g, const Weights& weights)
      : graph(g), shapes(parameter_shapes(g)), calls(g, "cpu"), of_node(g.nodes.size()) {
    for (const ParameterShape& p : shapes) {
      auto* values = const_cast<float*>(weights.at(p.name).values.data());  // they are copied
      tensors.push_back(at::from_blob(values, p.shape, at::kFloat).clone());
      tensors.back().requires_grad_(p.trainable);
      of_node[static_cast<std::size_t>(p.node)].push_back(tensors.back());
    }
  }

  Tensor run(std::size_t i, const Tensors& inputs) const {
    const Node& node = graph.nodes[i];
    const Tensors& p = of_node[i];
    const Tensor bias = p.size() > 1 ? p[1] : Tensor();
    switch (node.op) {
      case Op::convolution:
        return convolve(node.conv, inputs[0], p[0], bias);
      case Op::dense:
        return at::linear(inputs[0].flatten(1), p[0], bias);
      case Op::batch_norm:
        return at::batch_norm(inputs[0], p[0], p[1], p[2], p[3], true, graph.batch_norm_momentum,
                              node.epsilon, true);
      case Op::relu:
        return inputs[0].relu_();
      case Op::add:
        return inputs[1].add_(inputs[0]);
      case Op::constant:
        return calls.constants()[i];
      default:
        OHMIC_ASSERT(node.op == Op::digital);
        return calls.run(node, inputs).front();
    }
  }

  Tensor logits(const Tensor& images) const {
    Tensors values{images};
    for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
      Tensors inputs;
      for (const int input : graph.nodes[i].inputs)
        inputs.push_back(values[static_cast<std::size_t>(input)]);
      values.push_back(run(i, inputs));
    }
    return values.back().flatten(1);
  }

  Graph graph;
  std::vector<ParameterShape> shapes;
  OperatorCalls calls;
  Tensors tensors;               ///< as shapes
  std::vector<Tensors> of_node;  ///< the same by node
};

EagerTraining::EagerTraining(const Graph& graph, const Weights& weights)
    : state_(std::make_unique<State>(graph, weights)) {}

EagerTraining::~EagerTraining() = default;

double EagerTraining::step(const float* nhwc, const std::vector<std::int64_t>& classes,
                           double learning_rate) {
  const Tensor images =
      tensor_at(state_->graph.nodes.front(), nhwc, std::ssize(classes), "cpu").contiguous();
  const Tensor loss =
      at::cross_entropy_loss(state_->logits(images), at::tensor(classes, at::kLong));
  loss.backward();
  const at::NoGradGuard no_gradients;
  for (Tensor& p : state_->tensors) {
    if (!p.requires_grad()) continue;
    p.add_(p.grad(), -learning_rate);
    p.mutable_grad() = Tensor();
  }
  return loss.item<double>();
}

Weights EagerTraining::weights() const {
  Weights weights;
  for (std::size_t i = 0; i < state_->shapes.size(); ++i) {
    const float* values = state_->tensors[i].data_ptr<float>();
    weights[state_->shapes[i].name] = {state_->shapes[i].shape,
                                       {values, values + state_->tensors[i].numel()}};
  }
  return weights;
}

}  // namespace ohmic
