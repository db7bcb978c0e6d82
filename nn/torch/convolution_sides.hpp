// A convolution's geometry as LibTorch's operations take it.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/layer.hpp"

namespace ohmic {

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

}  // namespace ohmic
