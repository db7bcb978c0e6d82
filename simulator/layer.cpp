#include "simulator/layer.hpp"

#include <algorithm>

#include "simulator/error.hpp"

namespace ohmic {

std::vector<double> LayerOnTiles::weights_of_cells(const Plane& plane) const {
  const std::size_t K = static_cast<std::size_t>(geometry.rows());
  std::vector<double> weights(K * static_cast<std::size_t>(geometry.columns()), plane.weight_per_S);
  if (plane.gain.empty()) return weights;
  const std::size_t height = tile.rows > 0 ? static_cast<std::size_t>(tile.rows) : K;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = weight_per_S(plane, static_cast<int>(i % K / height), static_cast<int>(i / K));
  return weights;
}

std::vector<float> LayerOnTiles::effective_weights() const {
  const auto size = static_cast<std::size_t>(geometry.rows()) * geometry.columns();
  std::vector<double> sum(size, 0.0);
  for (const Plane& plane : planes) {
    OHMIC_ASSERT(plane.G_S.size() == size);
    const std::vector<double> weight_per_S = weights_of_cells(plane);
    for (std::size_t i = 0; i < size; ++i) sum[i] += weight_per_S[i] * plane.G_S[i];
  }
  return {sum.begin(), sum.end()};
}

bool LayerOnTiles::reads_noisily() const {
  return std::any_of(planes.begin(), planes.end(),
                     [](const Plane& p) { return !p.read_variance_S2.empty(); });
}

}  // namespace ohmic
