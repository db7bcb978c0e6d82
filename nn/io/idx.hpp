// IDX, the format of MNIST's files: a type, sides and numbers, big-endian, plain or compressed.
// Source: Y. LeCun, C. Cortes, C. Burges, the MNIST database.
#pragma once

#include <filesystem>

#include "nn/network/weights.hpp"

namespace ohmic {

/// Whether the file, decompressed, begins as IDX.
bool is_idx(const std::filesystem::path&);
/// Numbers of any of its types. Throws DataError naming the file.
HostTensor read_idx(const std::filesystem::path&);

}  // namespace ohmic
