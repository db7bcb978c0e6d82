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

/// Sums of what is programmed against what was wanted, part by part.
class NoiseSums {
 public:
  /// As many of each; parts in the order of the weights, so that sums are the same to the bit.
  void add(std::span<const float> wanted, std::span<const float> got);
  /// Of at least one weight.
  LayerNoise of(const MappedLayer&) const;

 private:
  double sum_ = 0, signed_ = 0, squares_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace ohmic
