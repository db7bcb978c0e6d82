// The few operations between crossbar layers, on activations N x H x W x C.
#pragma once

#include <cstdint>

#include "nn/analog/batch_norm.hpp"
#include "nn/network/graph.hpp"

namespace ohmic {

/// y = the digital operation `node` of x (and `other` for add and concatenate); `norm` is needed by
/// batch_norm only.
void run_digital(const Node& node, const Node& input, const float* x, const float* other,
                 const ChannelAffine& norm, std::int64_t images, float* y);

}  // namespace ohmic
