// Calibration: what the ranges of converters, and the full scales of a bias row and of non-linear
// cells, are found from.
#pragma once

#include <cstdint>

#include "nn/analog/loaded_network.hpp"

namespace ohmic {

/// Ranges of what `images` images, those that first_of_all_classes takes, show: activations are
/// those of the digital network, arrays are free of noise. Empty, at once, when none are needed.
Calibration calibrate(const MappedNetwork&, Backend&, const ImageSet&, const Normalization&,
                      std::int64_t images, const LayerProgress& = {});

}  // namespace ohmic
