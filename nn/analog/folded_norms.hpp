// A network without the BatchNorms that follow a convolution nobody else reads: kernels and biases
// do their work.
#pragma once

#include "nn/network/graph.hpp"

namespace ohmic {

/// The convolutions before such BatchNorms have a bias. Other BatchNorms stay.
Graph fold_norms(const Graph&);
/// Weights of fold_norms(graph): gamma/sqrt(variance + epsilon) times the kernel, and the shift as
/// bias.
Weights fold_norms(const Graph& graph, const Weights& weights);

}  // namespace ohmic
