// NumPy's .npy arrays: samples, labels and statistics.
// Source: numpy.lib.format, versions 1.0 to 3.0.
#pragma once

#include <filesystem>

#include "nn/io/stored_array.hpp"

namespace ohmic {

/// The longest .npy header that is read, NumPy's own limit.
constexpr std::size_t kNpyHeaderBytes = 10000;

/// float16, float32 or float64 of either byte order, in C or Fortran order, as C order. Python
/// objects (pickles) are never read. Throws DataError naming the file.
HostTensor read_npy(const std::filesystem::path&);

/// The same, and whole numbers of 1 to 8 bytes and truth values, in bytes that `owner` keeps.
/// Throws DataError that says `name`.
StoredArray npy_array(const std::string& name, std::string_view bytes,
                      std::shared_ptr<const void> owner);

}  // namespace ohmic
