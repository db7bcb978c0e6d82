// Weight files: our own checkpoints and foreign safetensors, Keras .h5, PyTorch zip archives.
#pragma once

#include <filesystem>

#include "nn/network/graph.hpp"
#include "nn/network/weights.hpp"

namespace ohmic {

/// Reads by content, not by name: safetensors, Keras .h5 (keras_v1 layout), PyTorch archives and
/// pickles (.pt, .pth, .th) as data, so that no code in them runs. Names are mapped to the graph's
/// and shapes checked. Throws DataError.
Checkpoint load_checkpoint(const std::filesystem::path&, const Graph&);

Checkpoint read_safetensors(const std::filesystem::path&);
/// Written beside and renamed, fsynced: a reader sees the old file or the new one, never half.
void write_safetensors(const std::filesystem::path&, const Checkpoint&);

}  // namespace ohmic
