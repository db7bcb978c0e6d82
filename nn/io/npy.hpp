// NumPy's .npy arrays, as far as normalisation needs them.
// Source: numpy.lib.format, versions 1.0 to 3.0.
#pragma once

#include <filesystem>

#include "nn/network/weights.hpp"

namespace ohmic {

/// The longest .npy header that is read, NumPy's own limit.
constexpr std::size_t kNpyHeaderBytes = 10000;

/// float16, float32 or float64 of either byte order, in C or Fortran order, as C order. Python
/// objects (pickles) are never read. Throws DataError naming the file.
HostTensor read_npy(const std::filesystem::path&);

/// The same, and whole numbers of 1 to 8 bytes and truth values, as floats: samples and labels.
HostTensor read_npy_numbers(const std::filesystem::path&);

}  // namespace ohmic
