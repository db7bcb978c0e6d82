// NumPy's .npy arrays, as far as normalisation needs them.
// Source: numpy.lib.format, versions 1.0 to 3.0.
#pragma once

#include <filesystem>

#include "nn/network/weights.hpp"

namespace ohmic {

/// Little-endian float32 or float64, C order. Throws DataError naming the file.
HostTensor read_npy(const std::filesystem::path&);

}  // namespace ohmic
