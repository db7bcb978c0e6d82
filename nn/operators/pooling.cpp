// Pooling over one, two or three spatial axes. ATen pools without padding, dilation of sums and
// partial windows are made here: the input is padded (or cropped) to exactly the windows there are.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_pool3d_with_indices.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <limits>

#include "nn/operators/window.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

Window pooling_window(const Call& call) {
  return window_of(call, call.integers("kernel_shape", {}), spatial_sides(call, call[0]));
}

/// Padding after the input such that the last window ends where it does. With ceil_mode a last
/// window may be partial unless it starts in the padding.
Sides ends_of_windows(const Call& call, const Window& w) {
  const Sides sides = spatial_sides(call, call[0]);
  Sides after(w.axes());
  for (std::size_t i = 0; i < w.axes(); ++i) {
    const std::int64_t room = sides[i] + w.before[i] + w.after[i] - w.extent(i);
    if (room < 0) call.refuse("a window larger than its padded input");
    std::int64_t last = room / w.stride[i];
    const bool partial = call.flag("ceil_mode", false) && room % w.stride[i] != 0;
    if (partial && (last + 1) * w.stride[i] < sides[i] + w.before[i]) ++last;
    after[i] = last * w.stride[i] + w.extent(i) - sides[i] - w.before[i];
  }
  return after;
}

/// One spatial axis as two, of which the first has one element.
struct Lifted {
  explicit Lifted(const Window& w) : window(w), is_line(w.axes() == 1) {
    if (!is_line) return;
    for (Sides* values : {&window.kernel, &window.stride, &window.dilation}) {
      values->insert(values->begin(), 1);
    }
    for (Sides* values : {&window.before, &window.after}) values->insert(values->begin(), 0);
  }
  Tensor raised(const Tensor& x) const { return is_line ? x.unsqueeze(2) : x; }
  Tensor lowered(const Tensor& y) const { return is_line ? y.squeeze(2) : y; }

  Window window;
  bool is_line;
};

/// Places of maxima in the padded plane as places in the whole unpadded input.
Tensor places_in_input(const Call& call, const Tensor& places, const Tensor& padded_input,
                       const Window& w) {
  const bool columns_first = call.integer("storage_order", 0) != 0;
  const Tensor& x = call[0];
  const auto axes = static_cast<std::int64_t>(w.axes());
  Tensor rest = places, flat;
  std::int64_t weight = 1;
  std::vector<Tensor> along(w.axes());
  for (std::int64_t i = axes - 1; i >= 0; --i) {
    const std::int64_t side = padded_input.size(2 + i);
    along[static_cast<std::size_t>(i)] =
        rest.remainder(side) - w.before[static_cast<std::size_t>(i)];
    rest = rest.floor_divide(side);
  }
  for (std::int64_t at = 0; at < axes; ++at) {
    const std::int64_t i = columns_first ? at : axes - 1 - at;
    const Tensor part = along[static_cast<std::size_t>(i)] * weight;
    flat = flat.defined() ? flat + part : part;
    weight *= x.size(2 + i);
  }
  Sides shape(static_cast<std::size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  shape[1] = x.size(1);
  return flat + at::arange(x.size(0) * x.size(1), places.options()).reshape(shape) * weight;
}

std::tuple<Tensor, Tensor> max_of_windows(const Tensor& x, const Window& w, const Sides& padding) {
  return w.axes() == 2
             ? at::max_pool2d_with_indices(x, w.kernel, w.stride, padding, w.dilation, false)
             : at::max_pool3d_with_indices(x, w.kernel, w.stride, padding, w.dilation, false);
}

Tensors max_pool(const Call& call) {
  Window w = pooling_window(call);
  const bool whole = !at::isFloatingType(call[0].scalar_type());
  const Tensor x = whole ? call[0].to(at::kDouble) : call[0];
  bool direct = w.is_symmetric() && !call.flag("ceil_mode", false) && !call.wants(1);
  for (std::size_t i = 0; i < w.axes(); ++i) direct = direct && w.before[i] <= w.kernel[i] / 2;
  if (!direct) w.after = ends_of_windows(call, w);
  const Lifted lifted(w);
  const Tensor in = direct ? x : padded(x, w, -std::numeric_limits<double>::infinity());
  const Sides padding = direct ? lifted.window.before : Sides(lifted.window.axes(), 0);
  const auto [y, places] = max_of_windows(lifted.raised(in), lifted.window, padding);
  const Tensor values = lifted.lowered(y).to(call[0].scalar_type());
  if (!call.wants(1)) return {values};
  return {values, places_in_input(call, lifted.lowered(places), in, w)};
}

/// Adds up strided slices, one per element of the kernel.
Tensor sum_of_slices(const Tensor& x, const Window& w) {
  std::int64_t elements = 1;
  for (const std::int64_t side : w.kernel) elements *= side;
  Tensor sum;
  for (std::int64_t at = 0; at < elements; ++at) {
    Tensor part = x;
    std::int64_t rest = at;
    for (std::size_t i = w.axes(); i-- > 0;) {
      const auto axis = static_cast<std::int64_t>(2 + i);
      const std::int64_t start = rest % w.kernel[i] * w.dilation[i];
      part = part.slice(axis, start, start + x.size(axis) - w.extent(i) + 1, w.stride[i]);
      rest /= w.kernel[i];
    }
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

/// Sums over the windows of an input that needs no padding.
Tensor sum_of_windows(const Tensor& x, const Window& w) {
  if (w.is_dilated()) return sum_of_slices(x, w);
  const Lifted lifted(w);
  const Sides& kernel = lifted.window.kernel;
  const Sides none(kernel.size(), 0);
  const Tensor in = lifted.raised(x);
  return lifted.lowered(
      kernel.size() == 2 ? at::avg_pool2d(in, kernel, lifted.window.stride, none, false, true, 1)
                         : at::avg_pool3d(in, kernel, lifted.window.stride, none, false, true, 1));
}

/// How many numbers each window of `whole` averages: inputs, and the padding that was asked for
/// where it counts. Undefined where that is every element of the kernel.
Tensor counts(const Call& call, const Window& asked, const Window& whole) {
  const Tensor& x = call[0];
  const bool with_padding = call.flag("count_include_pad", false);
  Sides counted{1, 1};
  Window around = whole;
  bool all = true;
  for (std::size_t i = 0; i < asked.axes(); ++i) {
    const std::int64_t before = with_padding ? asked.before[i] : 0;
    const std::int64_t after = with_padding ? asked.after[i] : 0;
    counted.push_back(x.size(static_cast<std::int64_t>(2 + i)) + before + after);
    around.before[i] -= before;
    around.after[i] -= after;
    all = all && around.before[i] <= 0 && around.after[i] <= 0;
  }
  if (all) return {};
  return sum_of_windows(padded(at::ones(counted, x.options()), around, 0), whole);
}

Tensors average_pool(const Call& call) {
  const Window asked = pooling_window(call);
  Window whole = asked;
  whole.after = ends_of_windows(call, asked);
  const Tensor sums = sum_of_windows(padded(call[0], whole, 0), whole);
  const Tensor divisors = counts(call, asked, whole);
  if (divisors.defined()) return {sums / divisors};
  double elements = 1;
  for (const std::int64_t side : asked.kernel) elements *= static_cast<double>(side);
  return {sums / elements};
}

Tensors lp_pool(const Call& call) {
  Window w = pooling_window(call);
  w.after = ends_of_windows(call, w);
  const double p = call.number("p", 2);
  return {sum_of_windows(padded(call[0].abs().pow(p), w, 0), w).pow(1 / p)};
}

Sides spatial_axes(const Call& call) {
  Sides axes;
  for (std::int64_t axis = 2; axis < call[0].dim(); ++axis) axes.push_back(axis);
  if (axes.empty()) call.refuse("an input without spatial axes; N x C x spatial is accepted");
  return axes;
}

Tensors global_average(const Call& call) { return {call[0].mean(spatial_axes(call), true)}; }

Tensors global_max(const Call& call) { return {at::amax(call[0], spatial_axes(call), true)}; }

Tensors global_lp(const Call& call) {
  return {at::linalg_vector_norm(call[0], call.number("p", 2), at::IntArrayRef(spatial_axes(call)),
                                 true)};
}

constexpr const char* kSpatial = "more than three spatial axes";

const RegisterOperator kRegisterPooling{
    {"MaxPool", max_pool, Sign::as_inputs, kSpatial},
    {"AveragePool", average_pool, Sign::as_inputs, kSpatial},
    {"LpPool", lp_pool, Sign::non_negative, kSpatial},
    {"GlobalAveragePool", global_average, Sign::as_inputs},
    {"GlobalMaxPool", global_max, Sign::as_inputs},
    {"GlobalLpPool", global_lp, Sign::non_negative},
};

}  // namespace
}  // namespace ohmic
