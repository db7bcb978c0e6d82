// Weight files: our own checkpoints and foreign safetensors, Keras .h5 and .keras, PyTorch
// archives.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "nn/io/preprocessing.hpp"
#include "nn/network/graph.hpp"
#include "nn/network/tensor_names.hpp"
#include "nn/network/weights.hpp"

namespace ohmic {

struct LoadedCheckpoint : Checkpoint {
  std::optional<Preprocessing> preprocessing;  ///< nothing: the file says of none
};

/// Reads by content, not by name: safetensors (whole or by the .index.json of several files), Keras
/// .h5 and .keras (keras_v1 layout), PyTorch archives and pickles (.pt, .pth, .ckpt, .th) as data,
/// so that no code in them runs. Names are mapped to the graph's as fit_names() says (a choice is
/// not for Keras files, which hold one network); shapes and
/// values are checked: all finite, no negative variance. A file that describes its network must
/// describe this one; the epsilons of BatchNorm that it states become the graph's, or must be,
/// where that is const. Throws DataError.
LoadedCheckpoint load_checkpoint(const std::filesystem::path&, Graph&, const TensorChoice& = {});
LoadedCheckpoint load_checkpoint(const std::filesystem::path&, const Graph&,
                                 const TensorChoice& = {});
/// Under this key the metadata of our own checkpoints have their content_hash().
inline constexpr const char* kContentHash = "sha256";
/// SHA-256 of everything in a checkpoint but that entry: bits that flip on a disk must not go on.
std::string content_hash(const Checkpoint&);
/// Whether the content is the one that the checkpoint states, if it states one.
bool is_intact(const Checkpoint&);

/// SHA-256 of a weight file, with those of the files that an index names. Throws DataError.
std::string sha256_of_weights(const std::filesystem::path&);

/// Every tensor of floats; integers are left out. Throws DataError.
Checkpoint read_safetensors(const std::filesystem::path&);
/// Written beside and renamed, fsynced: a reader sees the old file or the new one, never half.
void write_safetensors(const std::filesystem::path&, const Checkpoint&);

}  // namespace ohmic
