// Padding of any axis: with a constant, or with numbers of the input at computed places.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

struct Pads {
  Sides before, after;  ///< one per axis of the input; negative: crops
};

Pads pads_of(const Call& call) {
  const auto rank = static_cast<std::size_t>(call[0].dim());
  const auto pads = call.integers(1, "pads");
  if (!pads) call.refuse("pads are missing");
  Sides all(rank);
  for (std::size_t i = 0; i < rank; ++i) all[i] = static_cast<std::int64_t>(i);
  const Sides axes = call.axes(call.integers(3, "axes").value_or(all), call[0].dim());
  if (pads->size() != 2 * axes.size()) {
    call.refuse(std::to_string(pads->size()) + " pads for " + std::to_string(axes.size()) +
                " axes; two for each are accepted");
  }
  Pads result{Sides(rank, 0), Sides(rank, 0)};
  Sides shape = call[0].sizes().vec();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    result.before[axis] = (*pads)[i];
    result.after[axis] = (*pads)[i + axes.size()];
    call.checked({std::max<std::int64_t>(0, result.before[axis])});
    call.checked({std::max<std::int64_t>(0, result.after[axis])});
    shape[axis] += result.before[axis] + result.after[axis];
  }
  call.checked(shape);
  return result;
}

/// The place in 0 to n - 1 that place `at` of the endless continuation shows.
std::int64_t place(const std::string& mode, std::int64_t at, std::int64_t n) {
  if (mode == "edge") return std::clamp<std::int64_t>(at, 0, n - 1);
  if (mode == "wrap") return ((at % n) + n) % n;
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (n - 1));
  const std::int64_t phase = ((at % period) + period) % period;
  return phase < n ? phase : period - phase;
}

Tensor continued(const Call& call, const std::string& mode, const Pads& pads) {
  Tensor x = call[0];
  for (std::size_t i = 0; i < pads.before.size(); ++i) {
    if (pads.before[i] == 0 && pads.after[i] == 0) continue;
    const auto axis = static_cast<std::int64_t>(i);
    const std::int64_t n = x.size(axis);
    if (n == 0) call.refuse("an empty axis cannot be continued");
    Sides places;
    for (std::int64_t at = -pads.before[i]; at < n + pads.after[i]; ++at) {
      places.push_back(place(mode, at, n));
    }
    x = x.index_select(axis, at::tensor(places, x.options().dtype(at::kLong)));
  }
  return x;
}

Tensors pad(const Call& call) {
  const Pads pads = pads_of(call);
  const std::string mode = call.text("mode", "constant");
  if (mode == "reflect" || mode == "edge" || mode == "wrap") return {continued(call, mode, pads)};
  if (mode != "constant") {
    call.refuse("mode = \"" + mode + "\"; constant, reflect, edge and wrap are accepted");
  }
  Sides backwards;
  for (std::size_t i = pads.before.size(); i-- > 0;) {
    backwards.push_back(pads.before[i]);
    backwards.push_back(pads.after[i]);
  }
  const at::Scalar value =
      call.has(2) ? call.on_host(2).reshape({}).item() : at::Scalar(call.number("value", 0));
  return {at::constant_pad_nd(call[0], backwards, value)};
}

const RegisterOperator kRegisterPad{{"Pad", pad, Sign::unknown}};

}  // namespace
}  // namespace ohmic
