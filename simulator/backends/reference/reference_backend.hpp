// The truth: plain loops in double.
#pragma once

#include "simulator/backend.hpp"

namespace ohmic {

class ReferenceBackend final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string refusal(const LayerOnTiles&) const override;
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles&, const Epilogue&,
                                    const LayerRanges* ranges) override;
};

}  // namespace ohmic
