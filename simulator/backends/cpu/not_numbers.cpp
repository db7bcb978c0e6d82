#include "simulator/backends/cpu/not_numbers.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "simulator/host_device.hpp"

namespace ohmic::cpu {

OHMIC_VECTOR_CLONES bool has_nan(const float* codes, std::size_t size) {
  std::uint32_t found = 0;
#pragma omp simd simdlen(16) reduction(| : found)
  for (std::size_t i = 0; i < size; ++i) found |= codes[i] != codes[i] ? 1u : 0u;
  return found != 0;
}

std::vector<bool> broken_positions(const ConvGeometry& g, const float* codes) {
  const auto C = static_cast<std::size_t>(g.in_channels);
  const int pixels = g.in_height * g.in_width;
  if (!has_nan(codes, static_cast<std::size_t>(pixels) * C)) return {};
  std::vector<bool> is_broken;
  for (int pixel = 0; pixel < pixels; ++pixel)
    is_broken.push_back(has_nan(codes + static_cast<std::size_t>(pixel) * C, C));
  std::vector<bool> broken;
  for (int y = 0; y < g.out_height(); ++y)
    for (int x = 0; x < g.out_width(); ++x) {
      broken.push_back(false);
      for (int tap = 0; tap < g.kernel_height * g.kernel_width; ++tap) {
        const int row = y * g.stride_height - g.pad_top + tap / g.kernel_width * g.dilation_height;
        const int column =
            x * g.stride_width - g.pad_left + tap % g.kernel_width * g.dilation_width;
        if (row >= 0 && row < g.in_height && column >= 0 && column < g.in_width &&
            is_broken[static_cast<std::size_t>(row * g.in_width + column)])
          broken.back() = true;
      }
    }
  return broken;
}

void break_sums(const std::vector<bool>& broken, std::size_t first, std::size_t count,
                std::size_t N, float* sums) {
  for (std::size_t i = 0; i < count && !broken.empty(); ++i)
    if (broken[first + i]) std::fill_n(sums + i * N, N, std::numeric_limits<float>::quiet_NaN());
}

}  // namespace ohmic::cpu
