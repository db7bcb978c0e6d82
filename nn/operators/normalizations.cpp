// Normalisations with the statistics of a sample, or with stored ones.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/instance_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/where.h>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

Tensors batch_normalization(const Call& call) {
  if (call.flag("training_mode", false)) {
    call.refuse(
        "training_mode = 1: its result would depend on the batch; export the network "
        "in inference mode");
  }
  if (!call.flag("spatial", true)) {
    call.refuse("spatial = 0; statistics per channel are accepted");
  }
  const at::ScalarType type = call[0].scalar_type();
  return {at::batch_norm(call[0], call[1].to(type), call[2].to(type), call[3].to(type).detach(),
                         call[4].to(type).detach(), /*training=*/false, 0,
                         call.number("epsilon", 1e-5),
                         /*cudnn_enabled=*/true)};
}

/// A scale or bias that broadcasts, in the full shape of the normalised axes.
Tensor in_shape(const Call& call, std::size_t i, at::IntArrayRef shape) {
  return call.has(i) ? call[i].to(call[0].scalar_type()).expand(shape).contiguous() : Tensor();
}

Tensors layer_normalization(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(call.integer("axis", -1), x.dim());
  const at::IntArrayRef shape = x.sizes().slice(static_cast<std::size_t>(axis));
  const auto [y, mean, deviation] = at::native_layer_norm(
      x, shape, in_shape(call, 1, shape), in_shape(call, 2, shape), call.number("epsilon", 1e-5));
  return {y, mean, deviation};
}

Tensors rms_normalization(const Call& call) {
  const Tensor& x = call[0];
  Sides axes;
  for (std::int64_t i = call.axis(call.integer("axis", -1), x.dim()); i < x.dim(); ++i) {
    axes.push_back(i);
  }
  const Tensor inverse = ((x * x).mean(axes, true) + call.number("epsilon", 1e-5)).rsqrt();
  return {(x * inverse * call[1]).to(x.scalar_type()), inverse};
}

/// Before opset 21 scale and bias are per group.
Tensors group_normalization(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t groups = call.integer("num_groups", 0);
  if (x.dim() < 2 || groups < 1 || x.size(1) % groups != 0) {
    call.refuse("num_groups = " + std::to_string(groups) + " does not divide the channels");
  }
  const auto per_channel = [&](const Tensor& values) {
    const bool is_per_group = call.opset() < 21 && values.numel() == groups;
    return is_per_group ? values.repeat_interleave(x.size(1) / groups) : values;
  };
  return {at::group_norm(x, groups, per_channel(call[1]), per_channel(call[2]),
                         call.number("epsilon", 1e-5), true)};
}

Tensors instance_normalization(const Call& call) {
  return {at::instance_norm(call[0], call[1], call[2], {}, {}, /*use_input_stats=*/true, 0,
                            call.number("epsilon", 1e-5), true)};
}

/// Divided by a power of the squares of `size` neighbouring channels, of which one more follows
/// where they are even in number.
Tensors local_response(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t size = call.integer("size", 0);
  if (size < 1 || x.dim() < 2) call.refuse("size = " + std::to_string(size));
  Sides pads(static_cast<std::size_t>(2 * (x.dim() - 1)), 0);
  pads[pads.size() - 2] = (size - 1) / 2;
  pads[pads.size() - 1] = size / 2;
  const Tensor sums = at::constant_pad_nd(x * x, pads, 0).unfold(1, size, 1).sum(-1);
  const double share = call.number("alpha", 1e-4) / static_cast<double>(size);
  return {x / (sums * share + call.number("bias", 1)).pow(call.number("beta", 0.75))};
}

Tensors lp_normalization(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(call.integer("axis", -1), x.dim());
  const std::int64_t p = call.integer("p", 2);
  if (p != 1 && p != 2) call.refuse("p = " + std::to_string(p) + "; 1 and 2 are accepted");
  const Tensor norm =
      p == 1 ? x.abs().sum(axis, true) : at::linalg_vector_norm(x, 2, at::IntArrayRef{axis}, true);
  return {x / norm.masked_fill(norm.eq(0), 1)};
}

Tensors mean_variance(const Call& call) {
  const Tensor& x = call[0];
  const Sides axes = call.axes(call.integers("axes", {0, 2, 3}), x.dim());
  const Tensor centred = x - x.mean(axes, true);
  return {centred / ((centred * centred).mean(axes, true).sqrt() + 1e-9)};
}

const RegisterOperator kRegisterNormalizations{
    {"BatchNormalization", batch_normalization, Sign::unknown, "training_mode, spatial = 0"},
    {"LayerNormalization", layer_normalization},
    {"RMSNormalization", rms_normalization},
    {"SimplifiedLayerNormalization", rms_normalization},
    {"GroupNormalization", group_normalization},
    {"InstanceNormalization", instance_normalization},
    {"LRN", local_response, Sign::as_inputs},
    {"LpNormalization", lp_normalization, Sign::as_inputs},
    {"MeanVarianceNormalization", mean_variance},
};

}  // namespace
}  // namespace ohmic
