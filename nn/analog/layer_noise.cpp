#include "nn/analog/layer_noise.hpp"

#include <algorithm>
#include <cmath>

namespace ohmic {

LayerNoise compare(const MappedLayer& layer, std::span<const float> wanted,
                   std::span<const float> got) {
  double sum = 0, signed_sum = 0, squares = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double error = double{got[i]} - wanted[i];
    sum += error;
    signed_sum += wanted[i] < 0 ? -error : error;
    squares += error * error;
  }
  const double n = static_cast<double>(wanted.size()), signed_bias = signed_sum / n;
  return {layer.name(),
          layer.scale().sigma_w,
          sum / n,
          signed_bias,
          std::sqrt(std::max(0.0, squares / n - signed_bias * signed_bias)),
          static_cast<std::int64_t>(wanted.size())};
}

}  // namespace ohmic
