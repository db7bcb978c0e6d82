// How programmed tiles come onto a back end behind any epilogue.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "simulator/backend.hpp"

namespace ohmic {

/// Loads a layer's weights behind any epilogue.
using LayerLoader = std::function<std::unique_ptr<LoadedLayer>(const Epilogue&)>;

/// A layer computed with kernel_rows() x N weights as they are: one plane in units of weights.
LayerOnTiles digital_tiles(const ConvGeometry&, std::span<const float> weights);

/// Loads tiles; where they have a weight to add, beside them the digital sums of inputs. Back end
/// and ranges (null: none) must outlive it.
LayerLoader tiles_loader(Backend&, LayerOnTiles, const LayerRanges*);

}  // namespace ohmic
