// The back end for processors: oneDNN for products, OpenMP over images.
#pragma once

#include "simulator/backend.hpp"

namespace ohmic {

class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::string refusal(const LayerOnTiles&) const override;
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles&, const Epilogue&,
                                    const LayerRanges* ranges) override;
  std::unique_ptr<LoadedLayer> load_product(const ConvGeometry&, std::span<const float> weights,
                                            std::span<const float> bias, const Epilogue&,
                                            Products) override;
  bool loads_products() const override { return true; }
  std::int64_t images_at_once(const ConvGeometry&) const override;
};

}  // namespace ohmic
