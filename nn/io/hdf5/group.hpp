// What lies in a group of an HDF5 file.
// Source: HDF5 File Format Specification 3.0, sections III.A to III.D and IV.A.2.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nn/io/hdf5/object.hpp"

namespace ohmic::hdf5 {

/// Addresses of the objects that a group links to, by name: symbol tables and link messages, few or
/// many. Links to other files and symbolic links are left out.
std::map<std::string, std::uint64_t> links_of(const File&, const std::vector<Message>& group);

/// Every attribute of an object, few or many.
std::vector<Attribute> attributes_of(const File&, const std::vector<Message>& object);

}  // namespace ohmic::hdf5
