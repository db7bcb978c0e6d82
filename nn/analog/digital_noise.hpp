// Noise on tensors that live in digital memory (biases, BatchNorm). It is no crossbar's noise: the
// paper's "all the model weights" may include these tensors, so that an experiment can ask for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/analog/noise_settings.hpp"
#include "nn/network/graph.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {

/// One parameter of a graph.
struct NamedTensor {
  std::string name;
  TensorKind kind = TensorKind::kernel;
  std::uint16_t index = 0;  ///< in the order of nodes, then as listed at Op: addresses its noise
  int node = 0;             ///< of the graph, whose parameter it is
};

/// Every parameter of the graph, kernels included.
std::vector<NamedTensor> tensors_of(const Graph&);

/// Which channels of a layer or BatchNorm NoiseSettings::spare_dead_filters leaves exact; empty:
/// none.
std::vector<bool> spared_filters(const Graph&, const Weights&, const NoiseSettings&, int node);

/// All tensors that are not kernels, those that `settings` names with normal noise of std
/// eta * sigma, sigma the population std of that tensor (Stream::digital). Throws DataError when a
/// tensor is missing or has a value that is not finite.
Weights perturbed_digital(const Graph&, const Weights&, const NoiseSettings&, double eta, NoiseKey);

}  // namespace ohmic
