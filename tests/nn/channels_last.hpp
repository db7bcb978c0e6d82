#pragma once

#include <cstdint>
#include <vector>

namespace ohmic::test {

/// Samples of shape `sample` as values lie in memory: channels, height and width channels-last,
/// anything else as it is read.
inline std::vector<float> channels_last(const std::vector<float>& x,
                                        const std::vector<std::int64_t>& sample) {
  if (sample.size() != 3) return x;
  const auto C = static_cast<std::size_t>(sample[0]);
  const auto pixels = static_cast<std::size_t>(sample[1] * sample[2]);
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t image = i / (C * pixels), c = i / pixels % C, p = i % pixels;
    y[(image * pixels + p) * C + c] = x[i];
  }
  return y;
}

}  // namespace ohmic::test
