// What runs between crossbar layers, as a back end takes it.
#pragma once

#include <cstdint>

#include "nn/analog/batch_norm.hpp"
#include "nn/network/graph.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// A node outside the crossbars as an operation on a batch; pointers are left to the caller. `norm`
/// is needed by batch_norm only.
DigitalOp digital_op(const Node& node, const Node& input, const ChannelAffine& norm,
                     std::int64_t images);

}  // namespace ohmic
