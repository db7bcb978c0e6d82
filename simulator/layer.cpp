#include "simulator/layer.hpp"

#include <algorithm>

#include "simulator/call_error.hpp"

namespace ohmic {

std::vector<double> LayerOnTiles::weights_of_cells(const Plane& plane) const {
  const std::size_t K = static_cast<std::size_t>(geometry.rows());
  std::vector<double> weights(K * static_cast<std::size_t>(geometry.columns()), plane.weight_per_S);
  if (plane.gain.empty()) return weights;
  const auto height =
      static_cast<std::size_t>(tile.within(geometry.rows(), geometry.columns()).rows);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = weight_per_S(plane, static_cast<int>(i % K / height), static_cast<int>(i / K));
  return weights;
}

std::vector<double> LayerOnTiles::effective_matrix() const {
  const auto size = static_cast<std::size_t>(geometry.rows()) * geometry.columns();
  std::vector<double> sum(size, 0.0);
  for (const Plane& plane : planes) {
    require_call(plane.G_S.size() == size,
                 "LayerOnTiles: a plane needs a conductance for every row and column");
    const std::vector<double> weight_per_S = weights_of_cells(plane);
    for (std::size_t i = 0; i < size; ++i) sum[i] += weight_per_S[i] * plane.G_S[i];
  }
  return sum;
}

std::vector<float> LayerOnTiles::effective_weights() const {
  const std::vector<double> matrix = effective_matrix();
  const auto K = static_cast<std::size_t>(geometry.rows());
  const auto kernel = static_cast<std::size_t>(geometry.kernel_rows());
  std::vector<float> weights;
  weights.reserve(matrix.size());
  for (std::size_t first = 0; first < matrix.size(); first += K)
    for (std::size_t k = first; k < first + kernel; ++k)
      weights.push_back(static_cast<float>(matrix[k] + added_weight));
  return weights;
}

std::vector<float> LayerOnTiles::effective_bias() const {
  std::vector<float> bias(static_cast<std::size_t>(geometry.columns()), 0.0f);
  if (geometry.bias_rows == 0) return bias;
  const std::vector<double> matrix = effective_matrix();
  const auto K = static_cast<std::size_t>(geometry.rows());
  for (std::size_t n = 0; n < bias.size(); ++n)
    bias[n] = static_cast<float>(input_full_scale * matrix[n * K + K - 1]);
  return bias;
}

bool LayerOnTiles::reads_noisily() const {
  return awaits_noisy_devices || std::any_of(planes.begin(), planes.end(), [](const Plane& p) {
           return !p.read_variance_S2.empty();
         });
}

}  // namespace ohmic
