// Convolutions by loops of our own, for the shapes and processors for which oneDNN has no code of
// its own but a detour over matrix products.
//
// That detour is not to be had everywhere: Debian's oneDNN 2.6 and the newer one inside PyTorch's
// wheel both export the function that prepares those products, so that in one process the first to
// be loaded prepares its own for both, and the other answers "unimplemented" at run time.
#pragma once

#include <span>
#include <vector>

#include "simulator/backends/cpu/convolution_spec.hpp"

namespace ohmic::cpu {

/// Weights [out][in / groups][kh][kw] for `convolve`, rounded to the spec's format: a group's
/// outputs side by side, for every tap and input channel.
std::vector<float> pack_plain(const onednn::ConvolutionSpec&, std::span<const float> weights);

/// What onednn::Convolution::run computes. Neither threads nor vectors change a bit.
void convolve_plain(const onednn::ConvolutionSpec&, const void* x, const float* packed,
                    const float* bias, float* y);

}  // namespace ohmic::cpu
