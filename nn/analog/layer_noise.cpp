#include "nn/analog/layer_noise.hpp"

#include <algorithm>
#include <cmath>

namespace ohmic {

void NoiseSums::add(std::span<const float> wanted, std::span<const float> got) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double error = double{got[i]} - wanted[i];
    sum_ += error;
    signed_ += wanted[i] < 0 ? -error : error;
    squares_ += error * error;
  }
  count_ += std::ssize(wanted);
}

LayerNoise NoiseSums::of(const MappedLayer& layer) const {
  const double n = static_cast<double>(count_), signed_bias = signed_ / n;
  return {layer.name(),
          layer.scale().sigma_w,
          sum_ / n,
          signed_bias,
          std::sqrt(std::max(0.0, squares_ / n - signed_bias * signed_bias)),
          count_};
}

}  // namespace ohmic
