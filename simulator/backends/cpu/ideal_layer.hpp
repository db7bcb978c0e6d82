// A layer with ideal periphery: one convolution with its effective weights.
#pragma once

#include <memory>
#include <span>

#include "simulator/backend.hpp"

namespace ohmic::cpu {

/// Weights and bias as Backend::load_product takes them. The epilogue's scale is folded into the
/// weights, its shift is the convolution's bias, residual and ReLU follow inside the same
/// primitive. may_filter_minimally: see ConvolutionSpec.
std::unique_ptr<LoadedLayer> load_ideal(const ConvGeometry&, std::span<const float> weights,
                                        std::span<const float> bias, const Epilogue&,
                                        bool may_filter_minimally);

}  // namespace ohmic::cpu
