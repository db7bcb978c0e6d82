#include "nn/analog/layer_loader.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

/// A layer on tiles beside a digital one, whose outputs are those of both together.
class SumOfLayers final : public LoadedLayer {
 public:
  SumOfLayers(std::unique_ptr<LoadedLayer> tiles, std::unique_ptr<LoadedLayer> digital,
              Backend& backend, const ConvGeometry& g)
      : tiles_(std::move(tiles)),
        digital_(std::move(digital)),
        between_(backend.activations()),
        at_once_(backend.images_at_once(g)),
        values_in_(std::int64_t{g.in_height} * g.in_width * g.in_channels),
        values_out_(std::int64_t{g.positions()} * g.out_channels) {}

  void forward(const float* x, std::int64_t images, std::uint64_t first_image,
               const float* residual, float* y, Tally& tally) override {
    for (std::int64_t i = 0; i < images; i += at_once_) {
      const std::int64_t count = std::min(at_once_, images - i), out = i * values_out_;
      const auto first = first_image + static_cast<std::uint64_t>(i);
      float* sums = between_->at_least(static_cast<std::size_t>(count * values_out_));
      digital_->forward(x + i * values_in_, count, first, residual ? residual + out : nullptr, sums,
                        tally);
      tiles_->forward(x + i * values_in_, count, first, sums, y + out, tally);
    }
  }
  double products_error() const override { return tiles_->products_error(); }
  void observe(const float* x, std::int64_t images, LayerRanges& ranges) override {
    tiles_->observe(x, images, ranges);
  }

 private:
  std::unique_ptr<LoadedLayer> tiles_, digital_;
  std::unique_ptr<Activations> between_;  ///< what the digital layer gives
  std::int64_t at_once_, values_in_, values_out_;
};

}  // namespace

LayerOnTiles digital_tiles(const ConvGeometry& geometry, std::span<const float> weights) {
  Plane plane;
  plane.G_S.assign(weights.begin(), weights.end());
  for (const double v : plane.G_S)
    plane.current_span_S = std::max(plane.current_span_S, std::abs(v));
  LayerOnTiles tiles;
  tiles.geometry = geometry;
  tiles.planes.push_back(std::move(plane));
  return tiles;
}

LayerLoader tiles_loader(Backend& backend, LayerOnTiles tiles, const LayerRanges* ranges) {
  const auto added = static_cast<float>(std::exchange(tiles.added_weight, 0.0));
  const auto held = std::make_shared<const LayerOnTiles>(std::move(tiles));
  const auto load = [&backend, held, ranges](const Epilogue& after) {
    return backend.load(*held, after, ranges);
  };
  if (added == 0) return load;
  ConvGeometry kernel = held->geometry;
  kernel.bias_rows = 0;
  const auto cells = static_cast<std::size_t>(kernel.kernel_rows()) * kernel.columns();
  const auto sums =
      std::make_shared<LayerOnTiles>(digital_tiles(kernel, std::vector<float>(cells, added)));
  sums->periphery.products = Products::f32;
  return [&backend, load, sums](const Epilogue& after) -> std::unique_ptr<LoadedLayer> {
    const std::vector<float> nothing(after.shift.size());
    return std::make_unique<SumOfLayers>(
        load(after), backend.load(*sums, {after.scale, nothing, false}, nullptr), backend,
        sums->geometry);
  };
}

}  // namespace ohmic
