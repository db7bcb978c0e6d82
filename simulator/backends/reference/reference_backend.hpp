// The truth: plain loops in double, one image, position, column and cell after the other.
#pragma once

#include "simulator/backend.hpp"

namespace ohmic {

/// How per-MVM read noise is drawn.
enum class ReadNoise {
  per_column,  ///< one normal per column, of the variance of the sum (as all other back ends)
  per_cell,    ///< one normal per cell: slow, and what the closed form is checked against
};

class ReferenceBackend final : public Backend {
 public:
  explicit ReferenceBackend(ReadNoise read_noise = ReadNoise::per_column)
      : read_noise_(read_noise) {}
  std::string_view name() const override { return "reference"; }
  std::string refusal(const LayerOnTiles&) const override { return {}; }
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles&, const Epilogue&,
                                    const LayerRanges* ranges) override;

 private:
  ReadNoise read_noise_;
};

}  // namespace ohmic
