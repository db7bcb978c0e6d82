// Convolutions over one, two or three spatial axes.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>

#include <algorithm>

#include "nn/operators/window.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

Tensor bias_of(const Call& call) { return call.has(2) ? call[2] : Tensor(); }

Tensor with_bias(const Tensor& y, const Tensor& bias) {
  if (!bias.defined()) return y;
  Sides shape(static_cast<std::size_t>(y.dim()), 1);
  shape[1] = bias.numel();
  return y + bias.reshape(shape);
}

Window kernel_window(const Call& call) {
  const Sides sides = spatial_sides(call, call[0]);
  if (call[1].dim() != call[0].dim()) call.refuse("a kernel of another rank than its input");
  const Sides kernel = call[1].sizes().slice(2).vec();
  if (call.integers("kernel_shape", kernel) != kernel) {
    call.refuse("kernel_shape differs from the kernel's own");
  }
  return window_of(call, kernel, sides);
}

Tensors convolve(const Call& call) {
  const Window w = kernel_window(call);
  const Sides none(w.axes(), 0);
  const Tensor x = w.is_symmetric() ? call[0] : padded(call[0], w, 0);
  return {at::convolution(x, call[1], bias_of(call), w.stride, w.is_symmetric() ? w.before : none,
                          w.dilation, false, none, call.integer("group", 1))};
}

/// Padding of a transposed convolution that gives `output_shape`, or the input times the stride.
void pad_to_output(const Call& call, const Sides& sides, const Sides& extra, Window& w) {
  const std::string automatic = call.text("auto_pad", "NOTSET");
  const bool upper = automatic == "SAME_UPPER";
  const bool given = call.has("output_shape");
  if (!given && !upper && automatic != "SAME_LOWER") return;
  Sides target(w.axes());
  for (std::size_t i = 0; i < target.size(); ++i) target[i] = sides[i] * w.stride[i];
  target = call.integers("output_shape", target);
  if (target.size() != w.axes()) call.refuse("output_shape is not one number per spatial axis");
  for (std::size_t i = 0; i < target.size(); ++i) {
    call.checked({target[i]});
    const std::int64_t all = w.stride[i] * (sides[i] - 1) + extra[i] + w.extent(i) - target[i];
    // A larger output than the kernel reaches has zeros at its end.
    w.before[i] = std::max<std::int64_t>(0, upper ? all / 2 : all - all / 2);
    w.after[i] = all - w.before[i];
  }
}

/// Where ATen cannot pad so: without padding, then cropped or extended, then the bias.
Tensor transposed_in_steps(const Call& call, const Window& w, const Sides& extra) {
  const Tensor full =
      at::convolution(call[0], call[1], Tensor(), w.stride, Sides(w.axes(), 0), w.dilation, true,
                      Sides(w.axes(), 0), call.integer("group", 1));
  Window crop = w;
  for (std::size_t i = 0; i < w.axes(); ++i) {
    crop.before[i] = -w.before[i];
    crop.after[i] = extra[i] - w.after[i];
  }
  return with_bias(padded(full, crop, 0), bias_of(call));
}

Tensors convolve_transposed(const Call& call) {
  Window w = kernel_window(call);
  const Sides sides = spatial_sides(call, call[0]);
  const Sides extra = call.integers("output_padding", Sides(w.axes(), 0));
  if (extra.size() != w.axes()) call.refuse("output_padding is not one number per spatial axis");
  pad_to_output(call, sides, extra, w);
  bool direct = w.is_symmetric();
  for (std::size_t i = 0; i < w.axes(); ++i) {
    call.checked({extra[i]});
    direct = direct && w.before[i] >= 0 && extra[i] < w.stride[i];
  }
  if (!direct) return {transposed_in_steps(call, w, extra)};
  return {at::convolution(call[0], call[1], bias_of(call), w.stride, w.before, w.dilation, true,
                          extra, call.integer("group", 1))};
}

/// Whole numbers, less their zero points (of the kernel perhaps one per output channel).
Tensors convolve_integers(const Call& call) {
  const auto centred = [&](std::size_t i) {
    const Tensor x = call[i].to(at::kDouble);
    if (!call.has(2 + i)) return x;
    const Tensor zero = call[2 + i].to(at::kDouble);
    if (zero.numel() == 1) return x - zero.reshape({});
    Sides shape(static_cast<std::size_t>(x.dim()), 1);
    shape[0] = zero.numel();
    return x - zero.reshape(shape);
  };
  const Window w = kernel_window(call);
  const Sides none(w.axes(), 0);
  return {at::convolution(padded(centred(0), w, 0), centred(1), Tensor(), w.stride, none,
                          w.dilation, false, none, call.integer("group", 1))
              .to(at::kInt)};
}

const RegisterOperator kRegisterConvolution{
    {"Conv", convolve, Sign::as_inputs, "more than three spatial axes"},
    {"ConvTranspose", convolve_transposed, Sign::as_inputs, "more than three spatial axes"},
    {"ConvInteger", convolve_integers, Sign::unknown, "more than three spatial axes"},
};

}  // namespace
}  // namespace ohmic
