// What makes one number of many along axes.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

/// Reduces all `axes` and leaves them with one element.
using Reduction = Tensor (*)(const Tensor& x, const Sides& axes);

Tensors reduce(const Call& call, Reduction reduction) {
  const Tensor& x = call[0];
  Sides axes = call.integers(1, "axes").value_or(Sides{});
  if (axes.empty() && call.flag("noop_with_empty_axes", false)) return {x};
  if (axes.empty()) {
    for (std::int64_t axis = 0; axis < x.dim(); ++axis) axes.push_back(axis);
  }
  axes = call.axes(axes, x.dim());
  Sides kept;
  std::vector<bool> reduced(static_cast<std::size_t>(x.dim()));
  for (const std::int64_t axis : axes) reduced[static_cast<std::size_t>(axis)] = true;
  for (std::int64_t axis = 0; axis < x.dim(); ++axis) {
    if (!reduced[static_cast<std::size_t>(axis)]) kept.push_back(x.size(axis));
  }
  const Tensor y = reduction(x, axes).to(x.scalar_type());
  return {call.flag("keepdims", true) ? y : y.reshape(kept)};
}

template <Reduction F>
Tensors reduced(const Call& call) {
  return reduce(call, F);
}

Tensor floating(const Tensor& x) {
  return at::isFloatingType(x.scalar_type()) ? x : x.to(at::kDouble);
}

Tensor sum(const Tensor& x, const Sides& axes) { return x.sum(axes, true); }

Tensor mean(const Tensor& x, const Sides& axes) { return floating(x).mean(axes, true); }

Tensor product(const Tensor& x, const Sides& axes) {
  Tensor y = x;
  for (const std::int64_t axis : axes) y = y.prod(axis, true);
  return y;
}

/// The largest, of nothing -inf or the smallest number of the type.
Tensor largest(const Tensor& x, const Sides& axes) {
  if (axes.empty()) return x;
  if (x.numel() > 0) return at::amax(x, axes, true);
  return floating(x.sum(axes, true)) - std::numeric_limits<double>::infinity();
}

Tensor smallest(const Tensor& x, const Sides& axes) {
  if (axes.empty()) return x;
  if (x.numel() > 0) return at::amin(x, axes, true);
  return floating(x.sum(axes, true)) + std::numeric_limits<double>::infinity();
}

Tensor l1(const Tensor& x, const Sides& axes) { return x.abs().sum(axes, true); }

Tensor l2(const Tensor& x, const Sides& axes) {
  if (axes.empty()) return x.abs();
  return at::linalg_vector_norm(floating(x), 2, at::IntArrayRef(axes), true);
}

Tensor log_sum(const Tensor& x, const Sides& axes) { return floating(sum(x, axes)).log(); }

Tensor log_sum_exp(const Tensor& x, const Sides& axes) {
  return axes.empty() ? x : at::logsumexp(floating(x), axes, true);
}

Tensor sum_square(const Tensor& x, const Sides& axes) { return (x * x).sum(axes, true); }

/// Find: (tensor, axis, keepdims) -> the place of the first extreme.
template <class Find>
Tensors arg(const Call& call, Find find) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(call.integer("axis", 0), x.dim());
  const bool keep = call.flag("keepdims", true);
  if (!call.flag("select_last_index", false)) return {find(x, axis, keep)};
  return {x.size(axis) - 1 - find(x.flip(axis), axis, keep)};
}

Tensors arg_max(const Call& call) {
  return arg(call,
             [](const Tensor& x, std::int64_t axis, bool keep) { return x.argmax(axis, keep); });
}

Tensors arg_min(const Call& call) {
  return arg(call,
             [](const Tensor& x, std::int64_t axis, bool keep) { return x.argmin(axis, keep); });
}

/// Of equal numbers the first.
Tensors top_k(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(call.integer("axis", -1), x.dim());
  const std::int64_t k =
      call.has(1) ? static_cast<std::int64_t>(call.scalar(1)) : call.integer("k", -1);
  if (k < 0 || k > x.size(axis)) {
    call.refuse("the first " + std::to_string(k) + " of " + std::to_string(x.size(axis)));
  }
  const auto [values, places] = at::sort(x, /*stable=*/true, axis, call.flag("largest", true));
  return {values.narrow(axis, 0, k), places.narrow(axis, 0, k)};
}

Tensors cumulative_sum(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(static_cast<std::int64_t>(call.scalar(1)), x.dim());
  const bool reverse = call.flag("reverse", false);
  const Tensor in = reverse ? x.flip(axis) : x;
  Tensor y = in.cumsum(axis, x.scalar_type());
  if (call.flag("exclusive", false) && x.size(axis) > 0) {
    const Tensor none = at::zeros_like(y.narrow(axis, 0, 1));
    y = at::cat({none, y.narrow(axis, 0, x.size(axis) - 1)}, axis);
  }
  return {reverse ? y.flip(axis) : y};
}

const RegisterOperator kRegisterReductions{
    {"ReduceSum", reduced<sum>, Sign::as_inputs},
    {"ReduceMean", reduced<mean>, Sign::as_inputs},
    {"ReduceProd", reduced<product>, Sign::as_inputs},
    {"ReduceMax", reduced<largest>, Sign::as_inputs},
    {"ReduceMin", reduced<smallest>, Sign::as_inputs},
    {"ReduceL1", reduced<l1>, Sign::as_inputs},
    {"ReduceL2", reduced<l2>, Sign::as_inputs},
    {"ReduceLogSum", reduced<log_sum>},
    {"ReduceLogSumExp", reduced<log_sum_exp>, Sign::as_inputs},
    {"ReduceSumSquare", reduced<sum_square>, Sign::as_inputs},
    {"ArgMax", arg_max, Sign::non_negative},
    {"ArgMin", arg_min, Sign::non_negative},
    {"TopK", top_k, Sign::as_inputs},
    {"CumSum", cumulative_sum},
};

}  // namespace
}  // namespace ohmic
