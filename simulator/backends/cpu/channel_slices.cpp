#include "simulator/backends/cpu/channel_slices.hpp"

namespace ohmic::cpu {

std::size_t ChannelSlices::of(const TileProduct& t) {
  const auto known = std::ranges::find(slices_, t.first_row, &Slice::first_row);
  if (known != slices_.end()) return static_cast<std::size_t>(known - slices_.begin());
  const int kernel = geometry_.kernel_height * geometry_.kernel_width;
  const int last_row = t.first_row + t.driven_rows(geometry_);
  // A tile of the bias row alone multiplies the last channel by zeros.
  const int first = std::min(t.first_row / kernel, channels_of_group() - 1);
  const int end = std::max((last_row + kernel - 1) / kernel, first + 1);
  slices_.push_back({t.first_row, first, end - first});
  return slices_.size() - 1;
}

ConvGeometry ChannelSlices::geometry(std::size_t slice) const {
  ConvGeometry g = geometry_;
  g.in_channels = slices_[slice].count * copies_ * geometry_.groups;
  g.bias_rows = 0;
  return g;
}

std::vector<float> ChannelSlices::weights(std::size_t slice, const TileProduct& t,
                                          const std::vector<double>& matrix) const {
  const auto kernel = static_cast<std::size_t>(geometry_.kernel_height * geometry_.kernel_width);
  const std::size_t K = static_cast<std::size_t>(slices_[slice].count) * kernel;
  const auto N = static_cast<std::size_t>(geometry_.columns());
  const auto before = static_cast<std::size_t>(t.first_row) -
                      static_cast<std::size_t>(slices_[slice].first) * kernel;
  std::vector<float> weights(K * N, 0.0f);
  for (std::size_t n = 0; n < N; ++n)
    for (int k = 0; k < t.driven_rows(geometry_); ++k)
      weights[n * K + before + static_cast<std::size_t>(k)] = static_cast<float>(
          matrix[n * static_cast<std::size_t>(t.rows) + static_cast<std::size_t>(k)]);
  return weights;
}

}  // namespace ohmic::cpu
