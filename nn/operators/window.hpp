// Windows that slide over the spatial axes of N x C x spatial: convolutions and pooling.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/operators/operator.hpp"

namespace ohmic {

/// One number per spatial axis each. Padding may be negative: that crops.
struct Window {
  std::vector<std::int64_t> kernel, stride, dilation, before, after;

  std::size_t axes() const { return kernel.size(); }
  /// What one window spans along an axis.
  std::int64_t extent(std::size_t axis) const { return dilation[axis] * (kernel[axis] - 1) + 1; }
  bool is_symmetric() const { return before == after; }
  bool is_dilated() const;
};

/// From strides, dilations, pads and auto_pad of the call, for an input of `sides` (spatial only).
/// Throws DataError unless strides, dilations and kernel are positive and pads are not negative.
Window window_of(const Call& call, const std::vector<std::int64_t>& kernel,
                 const std::vector<std::int64_t>& sides);

/// Sides of the spatial axes of a tensor N x C x spatial.
std::vector<std::int64_t> spatial_sides(const Call& call, const at::Tensor& x);

/// The padding of `window` around the spatial axes of x, filled with `value`.
at::Tensor padded(const at::Tensor& x, const Window& window, double value);

}  // namespace ohmic
