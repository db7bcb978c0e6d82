#include "nn/torch/convolution.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <cstdint>
#include <vector>

namespace ohmic {
namespace {

using at::Tensor;

/// A geometry as LibTorch's operations take it.
struct ConvolutionSides {
  using Sides = std::vector<std::int64_t>;
  Sides stride, dilation;
  Sides pad;    ///< of both ends of height and of width
  Sides extra;  ///< left, right, top, bottom, where ends differ: to be padded before; else empty

  explicit ConvolutionSides(const ConvGeometry& g)
      : stride{g.stride_height, g.stride_width}, dilation{g.dilation_height, g.dilation_width} {
    const bool even = g.pad_top == g.pad_bottom && g.pad_left == g.pad_right;
    pad = even ? Sides{g.pad_top, g.pad_left} : Sides{0, 0};
    if (!even) extra = {g.pad_left, g.pad_right, g.pad_top, g.pad_bottom};
  }
};

bool steps_over_places(const ConvGeometry& g) {
  return g.kernel_height == 1 && g.kernel_width == 1 &&
         (g.stride_height > 1 || g.stride_width > 1) && g.pad_top == 0 && g.pad_left == 0 &&
         g.pad_bottom == 0 && g.pad_right == 0;
}

Tensor padded(const ConvolutionSides& sides, const Tensor& x) {
  return sides.extra.empty() ? x : at::constant_pad_nd(x, sides.extra, 0);
}

Tensor convolved(const ConvGeometry& g, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const ConvolutionSides sides(g);
  return at::conv2d(padded(sides, x), weight, bias, sides.stride, sides.pad, sides.dilation,
                    g.groups);
}

void find_gradients(const ConvGeometry& g, const ConvolutionSides& sides, const Tensor& of_answer,
                    const Tensor& x, const Tensor& weight, const ConvolutionGradients& to) {
  const std::array<bool, 3> wanted{to.x != nullptr, to.weight != nullptr, to.bias != nullptr};
  const std::vector<std::int64_t> biases{weight.size(0)}, nothing{0, 0};
  auto [of_x, of_weight, of_bias] =
      at::convolution_backward(of_answer, x, weight, biases, sides.stride, sides.pad,
                               sides.dilation, /*transposed=*/false, nothing, g.groups, wanted);
  if (to.x) *to.x = of_x;
  if (to.weight) *to.weight = of_weight;
  if (to.bias) *to.bias = of_bias;
}

/// convolved, with the gradients above.
class SteppingConvolution : public torch::autograd::Function<SteppingConvolution> {
 public:
  using Context = torch::autograd::AutogradContext;

  static Tensor forward(Context* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvGeometry& g) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = std::vector<std::int64_t>{g.stride_height, g.stride_width};
    context->saved_data["groups"] = std::int64_t{g.groups};
    context->saved_data["of_x"] = x.requires_grad();
    context->saved_data["has_bias"] = bias.defined();
    return convolved(g, x, weight, bias);
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 torch::autograd::variable_list of_answer) {
    const auto saved = context->get_saved_variables();
    const std::vector<std::int64_t> stride = context->saved_data.at("stride").toIntVector();
    ConvGeometry g;
    g.stride_height = static_cast<int>(stride[0]);
    g.stride_width = static_cast<int>(stride[1]);
    g.groups = static_cast<int>(context->saved_data.at("groups").toInt());
    const bool has_bias = context->saved_data.at("has_bias").toBool();
    Tensor of_x, of_weight, of_bias;
    convolution_gradients(g, of_answer.front(), saved[0], saved[1],
                          {context->saved_data.at("of_x").toBool() ? &of_x : nullptr, &of_weight,
                           has_bias ? &of_bias : nullptr});
    return {of_x, of_weight, of_bias, Tensor()};
  }
};

}  // namespace

Tensor convolve(const ConvGeometry& g, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const bool is_trained = weight.requires_grad() || (bias.defined() && bias.requires_grad());
  if (is_trained && at::GradMode::is_enabled() && x.is_cpu() && steps_over_places(g))
    return SteppingConvolution::apply(x, weight, bias, g);
  return convolved(g, x, weight, bias);
}

void convolution_gradients(const ConvGeometry& g, const Tensor& of_answer, const Tensor& x,
                           const Tensor& weight, const ConvolutionGradients& to) {
  ConvolutionSides sides(g);
  if (!x.is_cpu() || !steps_over_places(g)) {
    find_gradients(g, sides, of_answer, padded(sides, x), weight, to);
    if (to.x && !sides.extra.empty())
      *to.x = to.x->narrow(2, g.pad_top, x.size(2)).narrow(3, g.pad_left, x.size(3));
    return;
  }
  if (to.x) find_gradients(g, sides, of_answer, x, weight, {to.x, nullptr, nullptr});
  sides.stride = {1, 1};
  const Tensor seen =
      x.slice(2, 0, x.size(2), g.stride_height).slice(3, 0, x.size(3), g.stride_width);
  find_gradients(g, sides, of_answer, seen.contiguous(x.suggest_memory_format()), weight,
                 {nullptr, to.weight, to.bias});
}

}  // namespace ohmic
