// How far a programmed layer's weights lie from the wanted ones.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "mapping/mapped_layer.hpp"

namespace ohmic {

/// Noise statistics of one layer, measured on one programmed draw.
struct LayerNoise {
  std::string layer;
  double sigma_w = 0;
  double bias = 0;         ///< mean of w_eff - w over all weights
  double signed_bias = 0;  ///< mean of sign(w) (w_eff - w), shows what clipping does
  double std = 0;          ///< std of w_eff - w about sign(w) signed_bias
  std::int64_t weights = 0;
};

LayerNoise compare(const MappedLayer&, std::span<const float> wanted, std::span<const float> got);

}  // namespace ohmic
