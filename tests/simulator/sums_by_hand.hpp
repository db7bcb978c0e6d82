// Products of integer codes with a row tile, cell by cell in double: what the processor's quicker
// ways of computing them are tested against.
#pragma once

#include <cmath>
#include <vector>

#include "simulator/converters.hpp"
#include "tests/simulator/backend_cases.hpp"

namespace ohmic::test {

/// Codes of 8 bits, a third of them 0.
inline std::vector<float> codes(std::size_t size, bool is_signed) {
  std::vector<float> x = normals(size, 5);
  for (float& v : x) {
    const float limit = is_signed ? 127 : 255;
    v = std::rint(std::min(std::abs(v) * 80.0f, limit)) * (is_signed && v < 0 ? -1.0f : 1.0f);
    if (std::fmod(std::abs(v), 3.0f) == 0) v = 0;
  }
  return x;
}

/// What a column adds up to, and the most it could if drives were 1 at most.
struct Sum {
  double value = 0, most = 0;
};

/// One phase at one position of one column of a row tile's matrix, cell by cell, with the inputs
/// `x` in codes; of their squares where `squares`. `slice_mask` as in InputPlan.
inline Sum by_hand(const ConvGeometry& g, const TileProduct& t, const std::vector<double>& matrix,
                   int slice_mask, const Phase& phase, const std::vector<float>& x, int position,
                   int n, bool squares = false) {
  Sum sum;
  const int taps = g.kernel_height * g.kernel_width;
  for (int k = 0; k < t.rows; ++k) {
    const double cell = matrix[static_cast<std::size_t>(n) * t.rows + k];
    double drive = phase.bias;
    sum.most += std::abs(cell);
    if (const int row = t.first_row + k; row < g.kernel_rows()) {
      const int y = position / g.out_width() * g.stride_height - g.pad_top +
                    row % taps / g.kernel_width * g.dilation_height;
      const int column = position % g.out_width() * g.stride_width - g.pad_left +
                         row % g.kernel_width * g.dilation_width;
      if (y < 0 || y >= g.in_height || column < 0 || column >= g.in_width) continue;
      const float code =
          x[static_cast<std::size_t>((y * g.in_width + column) * g.in_channels + row / taps)];
      const int magnitude = static_cast<int>(std::abs(code));
      const int digit = slice_mask ? magnitude >> phase.shift & slice_mask : magnitude;
      drive = phase.sign == 0 ? std::copysign(digit, code) : phase.sign * code > 0 ? digit : 0;
    }
    sum.value += (squares ? drive * drive : drive) * cell;
  }
  return sum;
}

}  // namespace ohmic::test
