// How large the error of every layer's output is beside its signal: by the layer's own noise alone,
// and by that of the whole chip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/analog/analog_network.hpp"

namespace ohmic {

/// Mean squares over images and values of one layer's output behind its BatchNorm, before shortcut
/// and ReLU: what the next layer gets to see, dead filters included.
struct OutputSnr {
  std::string layer;
  double signal = 0;     ///< of the digital network's output
  double own_error = 0;  ///< of the layer on the chip, given the digital network's inputs
  double error = 0;      ///< of the layer on the chip, behind layers on the chip
};

/// Ratio of powers in dB; infinite without an error.
double power_dB(double signal, double error);

/// Mean over draws [first_draw, first_draw + draws) of `seed`, on the given images (H x W x C each,
/// all held at once: 1.5 MB each in ResNet-20). The network is left with the last draw.
std::vector<OutputSnr> output_snrs(AnalogNetwork&, const float* nhwc, std::int64_t images,
                                   std::uint64_t seed, std::uint64_t first_draw,
                                   std::int64_t draws);

}  // namespace ohmic
