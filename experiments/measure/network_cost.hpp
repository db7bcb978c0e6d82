// What a network costs on its hardware, layer by layer; see mapping/cost.hpp.
#pragma once

#include <vector>

#include "mapping/cost.hpp"

namespace ohmic {

/// Layers in order, and everything added up.
struct NetworkCost {
  std::vector<LayerCost> layers;
  LayerCost total;
};

}  // namespace ohmic
