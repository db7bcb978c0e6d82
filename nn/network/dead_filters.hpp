// Filters that training has switched off: their weights and the running variance behind them went
// to 0, and BatchNorm multiplies whatever noise lands on them by gamma/sqrt(variance + epsilon).
#pragma once

#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// A filter is dead when the running variance of its BatchNorm is below this.
inline constexpr double kDeadVariance = 1e-6;

/// The BatchNorm that reads the node called `layer`, or null.
const Node* norm_after(const Graph&, const std::string& layer);

/// One entry per channel of a BatchNorm.
std::vector<bool> dead_filters(const Weights&, const Node& norm);
/// Of all BatchNorms.
int count_dead_filters(const Graph&, const Weights&);

}  // namespace ohmic
