// Biases on devices (mapping.bias = "analog"): one more row of a layer's matrix.
#pragma once

#include <span>
#include <vector>

#include "mapping/settings.hpp"
#include "nn/analog/noise_settings.hpp"

namespace ohmic {

/// A kernel of K x N, element (k, n) at n*K + k, with a row below it that gives the biases when it
/// is driven by `input`.
std::vector<float> with_bias_row(std::span<const float> kernel, std::span<const float> bias,
                                 double input);

/// Throws ConfigError where noise is wanted on biases in digital memory that are on devices.
void check_biases(const MappingSettings&, const NoiseSettings&);

}  // namespace ohmic
