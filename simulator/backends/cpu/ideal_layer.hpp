// A layer with ideal periphery: one convolution with its effective weights.
#pragma once

#include <memory>

#include "simulator/backend.hpp"

namespace ohmic::cpu {

/// The epilogue's scale is folded into the weights, its shift is the convolution's bias, residual
/// and ReLU follow inside the same primitive.
std::unique_ptr<LoadedLayer> load_ideal(const LayerOnTiles&, const Epilogue&);

}  // namespace ohmic::cpu
