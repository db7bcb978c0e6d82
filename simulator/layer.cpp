#include "simulator/layer.hpp"

#include <algorithm>

#include "simulator/error.hpp"

namespace ohmic {

std::vector<float> LayerOnTiles::effective_weights() const {
  const auto size = static_cast<std::size_t>(geometry.rows()) * geometry.columns();
  std::vector<double> sum(size, 0.0);
  for (const Plane& plane : planes) {
    OHMIC_ASSERT(plane.G_S.size() == size);
    for (std::size_t i = 0; i < size; ++i) sum[i] += plane.weight_per_S * plane.G_S[i];
  }
  return {sum.begin(), sum.end()};
}

bool LayerOnTiles::reads_noisily() const {
  return std::any_of(planes.begin(), planes.end(),
                     [](const Plane& p) { return !p.read_variance_S2.empty(); });
}

}  // namespace ohmic
