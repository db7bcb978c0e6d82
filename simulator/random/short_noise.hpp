// Addressed normals for noise that is drawn again at each conversion: see short_normal.hpp.
#pragma once

#include <span>

#include "simulator/random/noise.hpp"

namespace ohmic {

/// out[i] = element `first + i` of the sequence of short normals at this address; fastest when
/// `first` is a multiple of 128.
void fill_short_normals(NoiseKey, Address, std::uint64_t first, std::span<float> out);

}  // namespace ohmic
