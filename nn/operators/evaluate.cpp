#include "nn/operators/evaluate.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Values = std::map<std::string, at::Tensor>;

Values named(const ModelNode& node, const Tensors& inputs) {
  OHMIC_ASSERT(inputs.size() == node.inputs.size());
  Values values;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!node.inputs[i].empty()) values[node.inputs[i]] = inputs[i];
  }
  return values;
}

Tensors tensors_of(const std::vector<ConstantTensor>& constants) {
  Tensors tensors;
  for (const ConstantTensor& constant : constants) {
    tensors.push_back(constant.data == nullptr && constant.elements() > 0 ? at::Tensor()
                                                                          : tensor_of(constant));
  }
  return tensors;
}

}  // namespace

std::vector<ConstantTensor> evaluate(const ModelNode& node, int opset,
                                     const std::vector<ConstantTensor>& inputs) {
  const c10::NoGradGuard guard;
  Values values = named(node, tensors_of(inputs));
  run_node(node, opset, values);
  std::vector<ConstantTensor> outputs;
  for (const std::string& name : node.outputs) {
    outputs.push_back(name.empty() ? ConstantTensor{} : constant_of(values.at(name)));
  }
  return outputs;
}

std::vector<ConstantTensor> gradients(const ModelNode& node, int opset,
                                      const std::vector<ConstantTensor>& inputs,
                                      const std::vector<ConstantTensor>& weights) {
  const Tensors factors = tensors_of(weights);
  Tensors x = tensors_of(inputs);
  for (at::Tensor& one : x) {
    if (one.defined() && at::isFloatingType(one.scalar_type())) one.set_requires_grad(true);
  }
  Values values = named(node, x);
  run_node(node, opset, values);
  at::Tensor sum;
  std::size_t i = 0;
  for (const std::string& name : node.outputs) {
    if (name.empty() || !at::isFloatingType(values.at(name).scalar_type())) continue;
    const at::Tensor part = (values.at(name) * factors.at(i++)).sum();
    sum = sum.defined() ? sum + part : part;
  }
  if (sum.defined() && sum.requires_grad()) sum.backward();
  std::vector<ConstantTensor> result;
  for (const at::Tensor& one : x) {
    if (!one.defined()) {
      result.emplace_back();
    } else {
      result.push_back(constant_of(one.grad().defined() ? one.grad() : at::zeros_like(one)));
    }
  }
  return result;
}

std::vector<ConstantTensor> evaluate(const ImportedModel& model,
                                     const std::vector<ConstantTensor>& inputs) {
  const c10::NoGradGuard guard;
  if (inputs.size() != model.inputs.size()) {
    throw DataError(std::to_string(inputs.size()) + " inputs for a network of " +
                    std::to_string(model.inputs.size()));
  }
  Values values;
  for (const auto& [name, constant] : model.constants) values[name] = tensor_of(constant);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[model.inputs[i].name] = tensor_of(inputs[i]);
  }
  for (const ModelNode& node : model.nodes) run_node(node, model.opset, values);
  std::vector<ConstantTensor> outputs;
  for (const ModelValue& output : model.outputs) {
    const auto found = values.find(output.name);
    if (found == values.end()) throw DataError("output '" + output.name + "' is computed nowhere");
    outputs.push_back(constant_of(found->second));
  }
  return outputs;
}

}  // namespace ohmic
