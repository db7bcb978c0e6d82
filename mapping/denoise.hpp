// Weights as they are estimated from what devices hold.
#pragma once

#include <span>

#include "mapping/settings.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

/// Makes weights r of a programmed layer (r + sigma_w^2 beta e^2) / (1 + (1 - lambda) e^2), e being
/// the root mean square of r - w over sigma_w. `w` is what was written: rows() x N.
void denoise(const DenoiseSettings&, double sigma_w, std::span<const float> w, LayerOnTiles&);

}  // namespace ohmic
