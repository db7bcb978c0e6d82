// Resize and Upsample: one axis after the other, each a product with a matrix that holds the
// weights of the inputs of each output (nearest: a choice of one). That is ONNX's definition, for
// every mode, coordinate transformation, antialiasing and rank.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

struct Rule {
  std::string mode, coordinates, nearest;
  double cubic_a, extrapolation;
  bool exclude_outside, antialias;
};

/// One axis that is resized. `start` and `end` are those of tf_crop_and_resize.
struct Axis {
  std::int64_t axis, from, to;  ///< sides before and after
  double scale, start = 0, end = 1;
};

std::string one_of(const Call& call, const std::string& key, const std::string& otherwise,
                   std::initializer_list<const char*> accepted) {
  const std::string value = call.text(key, otherwise);
  std::string list;
  for (const char* word : accepted) {
    if (value == word) return value;
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  call.refuse(key + " = \"" + value + "\"; " + list + " are accepted");
}

/// Before opset 11 there is one transformation, and nearest rounds down.
Rule rule_of(const Call& call) {
  const bool old = call.opset() < 11 || call.node().op == "Upsample";
  return {one_of(call, "mode", "nearest", {"nearest", "linear", "cubic"}),
          one_of(call, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel",
                 {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                  "asymmetric", "tf_crop_and_resize"}),
          one_of(call, "nearest_mode", old ? "floor" : "round_prefer_floor",
                 {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}),
          call.number("cubic_coeff_a", -0.75),
          call.number("extrapolation_value", 0),
          call.flag("exclude_outside", false),
          call.flag("antialias", false)};
}

/// The place in the input, in its elements, that output `at` shows.
double source(const Rule& rule, const Axis& axis, std::int64_t at) {
  const auto x = static_cast<double>(at), from = static_cast<double>(axis.from);
  const auto to = static_cast<double>(axis.to);
  if (rule.coordinates == "asymmetric") return x / axis.scale;
  if (rule.coordinates == "align_corners") {
    return axis.to == 1 ? 0 : x * (from - 1) / (axis.scale * from - 1);
  }
  if (rule.coordinates == "tf_crop_and_resize") {
    if (axis.to == 1) return 0.5 * (axis.start + axis.end) * (from - 1);
    return axis.start * (from - 1) + x * (axis.end - axis.start) * (from - 1) / (to - 1);
  }
  if (rule.coordinates == "pytorch_half_pixel" && axis.to == 1) return -0.5;
  const double half_pixel = (x + 0.5) / axis.scale - 0.5;
  if (rule.coordinates != "half_pixel_symmetric") return half_pixel;
  const double adjustment = to / (axis.scale * from);
  return from / 2 * (1 - adjustment) + half_pixel;
}

double kernel(const Rule& rule, double distance) {
  const double d = std::abs(distance), a = rule.cubic_a;
  if (rule.mode == "linear") return std::max(0., 1 - d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

std::int64_t nearest(const Rule& rule, const Axis& axis, double at) {
  double place = std::floor(at);
  if (rule.nearest == "ceil") place = std::ceil(at);
  if (rule.nearest == "round_prefer_floor") place = std::ceil(at - 0.5);
  if (rule.nearest == "round_prefer_ceil") place = std::floor(at + 0.5);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(place), 0, axis.from - 1);
}

/// Adds the weights of the inputs of one output to its row. Antialiasing stretches the kernel
/// where the axis shrinks; inputs beyond the edge are its copies, or excluded.
void add_weights(const Rule& rule, const Axis& axis, double at, double* row) {
  const double stretch = rule.antialias ? std::min(1., axis.scale) : 1;
  const double reach = (rule.mode == "linear" ? 1 : 2) / stretch;
  const auto first = static_cast<std::int64_t>(std::floor(at - reach)) + (rule.antialias ? 0 : 1);
  const auto last = static_cast<std::int64_t>(std::ceil(at + reach));
  double sum = 0;
  for (std::int64_t i = first; i <= last; ++i) {
    const bool outside = i < 0 || i >= axis.from;
    if (outside && rule.exclude_outside) continue;
    const double weight = kernel(rule, (static_cast<double>(i) - at) * stretch);
    row[std::clamp<std::int64_t>(i, 0, axis.from - 1)] += weight;
    sum += weight;
  }
  for (std::int64_t i = 0; i < axis.from; ++i) row[i] /= sum;
}

/// Along one axis; where tf_crop_and_resize looks outside, `outside` says so.
Tensor resized(const Rule& rule, const Axis& axis, const Tensor& x, Tensor& outside) {
  std::vector<double> weights(
      rule.mode == "nearest" ? 0 : static_cast<std::size_t>(axis.to * axis.from));
  Sides places, beyond;
  for (std::int64_t at = 0; at < axis.to; ++at) {
    const double place = source(rule, axis, at);
    beyond.push_back(place < 0 || place > static_cast<double>(axis.from - 1));
    if (rule.mode == "nearest") {
      places.push_back(nearest(rule, axis, place));
    } else {
      add_weights(rule, axis, place, weights.data() + at * axis.from);
    }
  }
  const auto options = x.options();
  if (rule.coordinates == "tf_crop_and_resize") {
    Sides shape(static_cast<std::size_t>(x.dim()), 1);
    shape[static_cast<std::size_t>(axis.axis)] = axis.to;
    const Tensor here = at::tensor(beyond, options.dtype(at::kLong)).ne(0).reshape(shape);
    outside = outside.defined() ? outside.logical_or(here) : here;
  }
  if (rule.mode == "nearest") {
    return x.index_select(axis.axis, at::tensor(places, options.dtype(at::kLong)));
  }
  const Tensor matrix = at::tensor(weights, at::kDouble).reshape({axis.to, axis.from}).to(options);
  return at::matmul(x.transpose(axis.axis, -1), matrix.t()).transpose(axis.axis, -1);
}

std::vector<double> numbers(const Call& call, std::size_t i) {
  const Tensor values = call[i].to(at::kCPU, at::kDouble).contiguous().flatten();
  const auto* const data = values.data_ptr<double>();
  return {data, data + values.numel()};
}

bool given(const Call& call, std::size_t i) { return call.has(i) && call[i].numel() > 0; }

/// One scale for all axes from sizes, as keep_aspect_ratio_policy asks.
void keep_ratio(const Call& call, std::vector<Axis>& axes) {
  const std::string policy =
      one_of(call, "keep_aspect_ratio_policy", "stretch", {"stretch", "not_larger", "not_smaller"});
  if (policy == "stretch" || axes.empty()) return;
  double scale = axes.front().scale;
  for (const Axis& axis : axes) {
    scale = policy == "not_larger" ? std::min(scale, axis.scale) : std::max(scale, axis.scale);
  }
  for (Axis& axis : axes) {
    axis.scale = scale;
    axis.to = static_cast<std::int64_t>(std::floor(scale * static_cast<double>(axis.from) + 0.5));
  }
}

/// Where Resize has its scales, sizes and region; Upsample and older ones have scales alone.
struct Inputs {
  std::size_t scales = 1, sizes = 9, region = 9;
};

std::vector<double> targets(const Call& call, const Inputs& inputs, bool by_size) {
  if (by_size) return numbers(call, inputs.sizes);
  if (given(call, inputs.scales)) return numbers(call, inputs.scales);
  if (call.has("scales")) return call.numbers("scales", {});
  call.refuse("neither scales nor sizes");
}

std::vector<Axis> axes_of(const Call& call, const Inputs& inputs) {
  const Tensor& x = call[0];
  const bool by_size = given(call, inputs.sizes);
  const std::vector<double> target = targets(call, inputs, by_size);
  Sides all(static_cast<std::size_t>(x.dim()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  const Sides places = call.axes(call.integers("axes", all), x.dim());
  const std::vector<double> region =
      given(call, inputs.region) ? numbers(call, inputs.region) : std::vector<double>{};
  if (target.size() != places.size()) call.refuse("scales or sizes are not one for each axis");
  if (!region.empty() && region.size() != 2 * places.size())
    call.refuse("roi does not fit the axes");
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::int64_t from = x.size(places[i]);
    const bool sensible = target[i] > 0 && std::isfinite(target[i]) && from > 0;
    if (!sensible || target[i] * (by_size ? 1 : static_cast<double>(from)) > 2147483648.) {
      call.refuse("a scale or size of " + std::to_string(target[i]));
    }
    Axis axis{places[i], from, 0, by_size ? target[i] / static_cast<double>(from) : target[i]};
    axis.to =
        static_cast<std::int64_t>(by_size ? target[i] : target[i] * static_cast<double>(from));
    if (!region.empty()) {
      axis.start = region[i];
      axis.end = region[i + places.size()];
    }
    axes.push_back(axis);
  }
  if (by_size) keep_ratio(call, axes);
  return axes;
}

Tensors resize(const Call& call) {
  const bool is_old = call.opset() < 11 || call.node().op == "Upsample";
  const Inputs inputs = is_old ? Inputs{} : Inputs{2, 3, 1};
  const Rule rule = rule_of(call);
  const std::vector<Axis> axes = axes_of(call, inputs);
  Sides shape = call[0].sizes().vec();
  for (const Axis& axis : axes) shape[static_cast<std::size_t>(axis.axis)] = axis.to;
  call.checked(shape);
  const at::ScalarType type = call[0].scalar_type();
  const bool computes = rule.mode != "nearest" && !at::isFloatingType(type);
  Tensor y = computes ? call[0].to(at::kDouble) : call[0], outside;
  for (const Axis& axis : axes) {
    const bool whole = axis.start == 0 && axis.end == 1;
    if (axis.from == axis.to && axis.scale == 1 && whole) continue;
    y = resized(rule, axis, y, outside);
  }
  if (outside.defined()) y = y.masked_fill(outside, rule.extrapolation);
  return {computes ? y.round().to(type) : y};
}

const RegisterOperator kRegisterResize{
    {"Resize", resize},
    {"Upsample", resize},
};

}  // namespace
}  // namespace ohmic
