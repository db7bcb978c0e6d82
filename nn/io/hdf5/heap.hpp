// Fractal heaps and version 2 B-trees: where groups and objects with many entries keep them in
// files of HDF5's later format.
// Source: HDF5 File Format Specification 3.0, sections III.A.2 and III.G.
#pragma once

#include <functional>
#include <string_view>

#include "nn/io/hdf5/cursor.hpp"

namespace ohmic::hdf5 {

/// Calls `visit` with every object of the heap at `heap` whose identifier stands at `id_at` in a
/// record of the B-tree at `tree`.
void each_heap_object(const File&, std::uint64_t heap, std::uint64_t tree, std::size_t id_at,
                      const std::function<void(std::string_view)>& visit);

}  // namespace ohmic::hdf5
