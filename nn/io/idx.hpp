// IDX, the format of MNIST's files: a type, sides and numbers, big-endian.
// Source: Y. LeCun, C. Cortes, C. Burges, the MNIST database.
#pragma once

#include "nn/io/stored_array.hpp"

namespace ohmic {

bool begins_as_idx(std::string_view bytes);
/// Numbers of any of its types, in bytes that `owner` keeps. Throws DataError that says `name`.
StoredArray idx_array(const std::string& name, std::string_view bytes,
                      std::shared_ptr<const void> owner);

}  // namespace ohmic
