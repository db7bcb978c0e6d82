// The cells that a network has on its arrays, before there are weights.
#pragma once

#include <string>
#include <vector>

#include "mapping/settings.hpp"
#include "nn/analog/noise_settings.hpp"
#include "nn/analog/plan.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {

/// The tensor that holds a crossbar step's bias, with BatchNorm folded its shift; empty: no bias.
std::string bias_tensor(const Graph&, const Step&, const NoiseSettings&);

/// Of every crossbar layer, by its number: rows with the bias row that mapping.bias = "analog"
/// adds.
std::vector<LayerCells> layer_cells(const Graph&, const MappingSettings&, const NoiseSettings&);

}  // namespace ohmic
