// Numbers of a data set of an HDF5 file.
// Source: HDF5 File Format Specification 3.0, sections III.A.1, IV.A.2.i and IV.A.2.l.
#pragma once

#include <string>
#include <vector>

#include "nn/io/hdf5/object.hpp"

namespace ohmic::hdf5 {

/// The bytes of a data set of `shape`, row-major: compact, contiguous or in chunks, the chunks as
/// they are or through deflate, shuffle and Fletcher's checksum. Every element must have been
/// written. `budget` holds how many bytes may still be made and is lowered by those that were.
std::string read_data(const File&, const std::vector<Message>& dataset,
                      const std::vector<std::int64_t>& shape, std::uint32_t element_bytes,
                      std::uint64_t& budget);

}  // namespace ohmic::hdf5
