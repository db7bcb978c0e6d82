#include "mapping/denoise.hpp"

#include <cstddef>
#include <vector>

namespace ohmic {
namespace {

double mean_squared_error(const LayerOnTiles& layer, std::span<const float> w) {
  const std::vector<float> r = layer.effective_weights();
  const auto rows = static_cast<std::size_t>(layer.geometry.rows()),
             kernel = static_cast<std::size_t>(layer.geometry.kernel_rows());
  double sum = 0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double error = double{r[i]} - w[i / kernel * rows + i % kernel];
    sum += error * error;
  }
  return sum / static_cast<double>(r.size());
}

}  // namespace

void denoise(const DenoiseSettings& settings, double sigma_w, std::span<const float> w,
             LayerOnTiles& layer) {
  if (sigma_w == 0) return;
  const double variance = mean_squared_error(layer, w),
               factor = 1 / (1 + (1 - settings.lambda) * variance / (sigma_w * sigma_w));
  const ConvGeometry& g = layer.geometry;
  const auto slots = static_cast<std::size_t>(layer.tile.row_tiles(g.rows())) *
                     static_cast<std::size_t>(g.columns());
  for (Plane& plane : layer.planes) {
    if (plane.gain.empty()) plane.gain.assign(slots, 1.0);
    for (double& gain : plane.gain) gain *= factor;
  }
  layer.added_weight = variance * settings.beta * factor;
}

}  // namespace ohmic
