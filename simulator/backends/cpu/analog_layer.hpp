// A layer with its full periphery: per phase, plane and row tile one product (tile_products.hpp; of
// inputs that are applied bit by bit, bit_products.hpp), then noise, converter and digital sum in
// passes over blocks that stay in the cache (passes.hpp).
#pragma once

#include <memory>

#include "simulator/backend.hpp"

namespace ohmic::cpu {

std::unique_ptr<LoadedLayer> load_analog(const LayerOnTiles&, const Epilogue&,
                                         const LayerRanges* ranges);

}  // namespace ohmic::cpu
