// What moves or regroups numbers without looking at them, and what says shapes.
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

Sides required(const Call& call, std::size_t i, const std::string& key) {
  const auto values = call.integers(i, key);
  if (!values) call.refuse("input " + std::to_string(i) + " ('" + key + "') is missing");
  return *values;
}

Tensors reshape(const Call& call) {
  const Tensor& x = call[0];
  Sides shape = required(call, 1, "shape");
  for (std::size_t i = 0; i < shape.size() && !call.flag("allowzero", false); ++i) {
    if (shape[i] == 0) shape[i] = x.size(call.axis(static_cast<std::int64_t>(i), x.dim()));
  }
  return {x.reshape(shape)};
}

Tensors flatten(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.integer("axis", 1);
  const std::int64_t split = axis == x.dim() ? axis : call.axis(axis, x.dim());
  std::int64_t rows = 1, columns = 1;
  for (std::int64_t i = 0; i < x.dim(); ++i) (i < split ? rows : columns) *= x.size(i);
  return {x.reshape({rows, columns})};
}

Tensors squeeze(const Call& call) {
  Tensor x = call[0];
  const auto given = call.integers(1, "axes");
  if (!given) return {x.squeeze()};
  Sides axes = call.axes(*given, x.dim());
  std::sort(axes.rbegin(), axes.rend());
  for (const std::int64_t axis : axes) {
    if (x.size(axis) != 1) {
      call.refuse("axis " + std::to_string(axis) + " has " + std::to_string(x.size(axis)) +
                  " elements; only 1 can be squeezed");
    }
    x = x.squeeze(axis);
  }
  return {x};
}

Tensors unsqueeze(const Call& call) {
  Tensor x = call[0];
  const Sides given = required(call, 1, "axes");
  Sides axes = call.axes(given, x.dim() + static_cast<std::int64_t>(given.size()));
  std::sort(axes.begin(), axes.end());
  for (const std::int64_t axis : axes) x = x.unsqueeze(axis);
  return {x};
}

Tensors transpose(const Call& call) {
  const Tensor& x = call[0];
  Sides order(static_cast<std::size_t>(x.dim()));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = x.dim() - 1 - static_cast<int>(i);
  return {x.permute(call.integers("perm", order))};
}

/// Both ways: a side of 1 in `shape` leaves the input's.
Tensors expand(const Call& call) {
  const Tensor& x = call[0];
  Sides shape = required(call, 1, "shape");
  if (static_cast<std::int64_t>(shape.size()) < x.dim()) {
    shape.insert(shape.begin(), static_cast<std::size_t>(x.dim()) - shape.size(), 1);
  }
  const std::int64_t lead = static_cast<std::int64_t>(shape.size()) - x.dim();
  for (std::size_t i = static_cast<std::size_t>(lead); i < shape.size(); ++i) {
    if (shape[i] == 1) shape[i] = x.size(static_cast<std::int64_t>(i) - lead);
  }
  return {x.expand(call.checked(shape))};
}

Tensors tile(const Call& call) {
  const Sides repeats = required(call, 1, "repeats");
  Sides shape = call[0].sizes().vec();
  if (repeats.size() != shape.size()) {
    call.refuse(std::to_string(repeats.size()) + " repeats for " + std::to_string(shape.size()) +
                " axes");
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    call.checked({shape[i], repeats[i]});
    shape[i] *= repeats[i];
  }
  call.checked(shape);
  return {call[0].repeat(repeats)};
}

Tensors concat(const Call& call) {
  const Tensors parts(call.inputs().begin(), call.inputs().end());
  return {at::cat(parts, call.axis(call.integer("axis", 1), call[0].dim()))};
}

/// Sizes of the parts: given, or even with a smaller last one.
Sides parts_of(const Call& call, std::int64_t n) {
  if (const auto given = call.integers(1, "split")) return *given;
  const auto outputs = static_cast<std::int64_t>(call.node().outputs.size());
  const std::int64_t count = call.integer("num_outputs", outputs);
  if (count < 1 || count > outputs) {
    call.refuse("num_outputs = " + std::to_string(count) + " for " + std::to_string(outputs) +
                " outputs");
  }
  const std::int64_t each = (n + count - 1) / count;
  Sides parts;
  for (std::int64_t at = 0; at < count; ++at) {
    parts.push_back(std::clamp<std::int64_t>(n - at * each, 0, each));
  }
  return parts;
}

Tensors split(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(call.integer("axis", 0), x.dim());
  const std::vector<Tensor> parts = x.split_with_sizes(parts_of(call, x.size(axis)), axis);
  return Tensors(parts.begin(), parts.end());
}

Tensors identity(const Call& call) { return {call[0]}; }

Tensors dropout(const Call& call) {
  const bool training = call.has(2) && call.on_host(2).item().toBool();
  if (training && !(call.has(1) && call.scalar(1) == 0)) {
    call.refuse("training_mode is true; a network is imported as it is used after training");
  }
  return {call[0], at::ones_like(call[0], at::kBool)};
}

/// The sides of N x C x spatial as (N, C', b, b, spatial) needs them, for two spatial axes.
Tensors depth_to_space(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t b = call.integer("blocksize", 0);
  if (b < 1 || x.dim() != 4 || x.size(1) % (b * b) != 0) {
    call.refuse("blocksize = " + std::to_string(b) + " of an input of another shape than N x C x " +
                "H x W with C a multiple of its square");
  }
  const std::string mode = call.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") {
    call.refuse("mode = \"" + mode + "\"; \"DCR\" and \"CRD\" are accepted");
  }
  const std::int64_t n = x.size(0), c = x.size(1) / (b * b), h = x.size(2), w = x.size(3);
  const Tensor y = mode == "DCR" ? x.reshape({n, b, b, c, h, w}).permute({0, 3, 4, 1, 5, 2})
                                 : x.reshape({n, c, b, b, h, w}).permute({0, 1, 4, 2, 5, 3});
  return {y.reshape({n, c, h * b, w * b})};
}

Tensors space_to_depth(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t b = call.integer("blocksize", 0);
  if (b < 1 || x.dim() != 4 || x.size(2) % b != 0 || x.size(3) % b != 0) {
    call.refuse("blocksize = " + std::to_string(b) + " of an input of another shape than N x C x " +
                "H x W with H and W multiples of it");
  }
  const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2) / b, w = x.size(3) / b;
  const Tensor y = x.reshape({n, c, h, b, w, b}).permute({0, 3, 5, 1, 2, 4});
  return {y.reshape({n, c * b * b, h, w})};
}

Tensors shape(const Call& call) {
  const Tensor& x = call[0];
  const auto bound = [&](const char* key, std::int64_t otherwise) {
    const std::int64_t at = call.integer(key, otherwise);
    return std::clamp<std::int64_t>(at < 0 ? at + x.dim() : at, 0, x.dim());
  };
  const std::int64_t start = bound("start", 0), end = std::max(start, bound("end", x.dim()));
  return {at::tensor(
      x.sizes().slice(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)))};
}

const RegisterOperator kRegisterShapes{
    {"Reshape", reshape, Sign::as_inputs},
    {"Flatten", flatten, Sign::as_inputs},
    {"Squeeze", squeeze, Sign::as_inputs},
    {"Unsqueeze", unsqueeze, Sign::as_inputs},
    {"Transpose", transpose, Sign::as_inputs},
    {"Expand", expand, Sign::as_inputs},
    {"Tile", tile, Sign::as_inputs},
    {"Concat", concat, Sign::as_inputs},
    {"Split", split, Sign::as_inputs},
    {"Identity", identity, Sign::as_inputs},
    {"Dropout", dropout, Sign::as_inputs, "training_mode"},
    {"DepthToSpace", depth_to_space, Sign::as_inputs},
    {"SpaceToDepth", space_to_depth, Sign::as_inputs},
    {"Shape", shape, Sign::non_negative},
    {"Size", [](const Call& c) -> Tensors { return {at::scalar_tensor(c[0].numel(), at::kLong)}; },
     Sign::non_negative},
};

}  // namespace
}  // namespace ohmic
