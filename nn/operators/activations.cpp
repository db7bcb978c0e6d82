// Activations: element by element, and softmax along an axis.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/threshold.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// An activation that works on rows along one axis. Before opset 13 all axes from `axis` on are
/// one.
template <class Rows>
Tensors along_axis(const Call& call, Rows rows) {
  const Tensor& x = call[0];
  if (call.opset() >= 13) return {rows(x, call.axis(call.integer("axis", -1), x.dim()))};
  const std::int64_t axis = call.axis(call.integer("axis", 1), x.dim());
  return {rows(x.flatten(axis), axis).reshape(x.sizes())};
}

Tensors relu(const Call& call) { return {call[0].relu()}; }

Tensors leaky_relu(const Call& call) {
  return {at::leaky_relu(call[0], call.number("alpha", 0.01))};
}

Tensors p_relu(const Call& call) { return {at::where(call[0] < 0, call[1] * call[0], call[0])}; }

Tensors elu(const Call& call) { return {at::elu(call[0], call.number("alpha", 1))}; }

Tensors selu(const Call& call) {
  return {at::elu(call[0], call.number("alpha", 1.67326319217681884765625),
                  call.number("gamma", 1.05070102214813232421875))};
}

Tensors celu(const Call& call) {
  const double alpha = call.number("alpha", 1);
  return {at::elu(call[0], alpha, 1, 1 / alpha)};
}

Tensors gelu(const Call& call) {
  const std::string form = call.text("approximate", "none");
  if (form != "none" && form != "tanh") {
    call.refuse("approximate = \"" + form + "\"; \"none\" and \"tanh\" are accepted");
  }
  return {at::gelu(call[0], form)};
}

Tensors hard_sigmoid(const Call& call) {
  const Tensor line = call[0] * call.number("alpha", 0.2) + call.number("beta", 0.5);
  return {at::clamp(line, 0, 1)};
}

Tensors swish(const Call& call) {
  return {call[0] * (call[0] * call.number("alpha", 1)).sigmoid()};
}

Tensors thresholded_relu(const Call& call) {
  return {at::threshold(call[0], call.number("alpha", 1), 0)};
}

Tensors shrink(const Call& call) {
  const Tensor& x = call[0];
  const double bias = call.number("bias", 0), edge = call.number("lambd", 0.5);
  return {at::where(x < -edge, x + bias, at::where(x > edge, x - bias, at::zeros_like(x)))};
}

Tensor hardmax(const Tensor& x, std::int64_t axis) {
  return at::zeros_like(x).scatter(axis, at::argmax(x, axis, true), 1);
}

/// A bound of Clip: a number where reading it costs nothing.
bool is_number(const Tensor& bound) {
  return bound.is_cpu() && bound.numel() == 1 && !bound.requires_grad();
}

Tensor at_least(const Tensor& x, const Call& call) {
  const Tensor& low = call.on_host(1);
  return is_number(low) ? x.clamp_min(low.item()) : x.maximum(call[1]);
}

Tensor at_most(const Tensor& x, const Call& call) {
  const Tensor& high = call.on_host(2);
  return is_number(high) ? x.clamp_max(high.item()) : x.minimum(call[2]);
}

Tensors clip(const Call& call) {
  Tensor y = call[0];
  if (call.opset() < 11) {
    if (call.has("min")) y = y.clamp_min(call.number("min", 0));
    if (call.has("max")) y = y.clamp_max(call.number("max", 0));
    return {y};
  }
  if (call.has(1) && call.has(2) && is_number(call.on_host(1)) && is_number(call.on_host(2))) {
    return {at::clamp(y, call.on_host(1).item(), call.on_host(2).item())};
  }
  if (call.has(1)) y = at_least(y, call);
  if (call.has(2)) y = at_most(y, call);
  return {y};
}

const RegisterOperator kRegisterActivations{
    {"Relu", relu, Sign::non_negative},
    {"LeakyRelu", leaky_relu, Sign::as_inputs},
    {"PRelu", p_relu, Sign::as_inputs},
    {"Elu", elu, Sign::as_inputs},
    {"Selu", selu, Sign::as_inputs},
    {"Celu", celu, Sign::as_inputs},
    {"Gelu", gelu, Sign::as_inputs},
    {"Sigmoid", [](const Call& c) -> Tensors { return {c[0].sigmoid()}; }, Sign::non_negative},
    {"HardSigmoid", hard_sigmoid, Sign::non_negative},
    {"HardSwish", [](const Call& c) -> Tensors { return {at::hardswish(c[0])}; }, Sign::as_inputs},
    {"Softplus", [](const Call& c) -> Tensors { return {at::softplus(c[0])}; }, Sign::non_negative},
    {"Softsign", [](const Call& c) -> Tensors { return {c[0] / (c[0].abs() + 1)}; },
     Sign::as_inputs},
    {"Mish", [](const Call& c) -> Tensors { return {at::mish(c[0])}; }, Sign::as_inputs},
    {"Swish", swish, Sign::as_inputs},
    {"ThresholdedRelu", thresholded_relu, Sign::unknown},
    {"Shrink", shrink},
    {"Clip", clip, Sign::unknown},
    {"Softmax",
     [](const Call& c) {
       return along_axis(c, [](const Tensor& x, std::int64_t axis) { return x.softmax(axis); });
     },
     Sign::non_negative},
    {"LogSoftmax",
     [](const Call& c) {
       return along_axis(c, [](const Tensor& x, std::int64_t axis) { return x.log_softmax(axis); });
     }},
    {"Hardmax", [](const Call& c) { return along_axis(c, hardmax); }, Sign::non_negative},
};

}  // namespace
}  // namespace ohmic
