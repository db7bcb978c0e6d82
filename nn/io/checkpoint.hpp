// Weight files: our own checkpoints and foreign safetensors, Keras .h5 and .keras, PyTorch zip
// archives.
#pragma once

#include <filesystem>
#include <optional>

#include "nn/io/preprocessing.hpp"
#include "nn/network/graph.hpp"
#include "nn/network/weights.hpp"

namespace ohmic {

struct LoadedCheckpoint : Checkpoint {
  std::optional<Preprocessing> preprocessing;  ///< nothing: the file says of none
};

/// Reads by content, not by name: safetensors, Keras .h5 and .keras (keras_v1 layout), PyTorch
/// archives and pickles (.pt, .pth, .th) as data, so that no code in them runs. Names are mapped to
/// the graph's and shapes checked. A file that describes its network must describe this one; the
/// epsilons of BatchNorm that it states become the graph's, or must be, where that is const. Throws
/// DataError.
LoadedCheckpoint load_checkpoint(const std::filesystem::path&, Graph&);
LoadedCheckpoint load_checkpoint(const std::filesystem::path&, const Graph&);

Checkpoint read_safetensors(const std::filesystem::path&);
/// Written beside and renamed, fsynced: a reader sees the old file or the new one, never half.
void write_safetensors(const std::filesystem::path&, const Checkpoint&);

}  // namespace ohmic
