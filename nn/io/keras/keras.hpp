// Weights that Keras saved, for layout keras_v1: HDF5 files of whole models or of weights alone
// (.h5, .weights.h5) and .keras archives.
#pragma once

#include <filesystem>

#include "nn/io/checkpoint.hpp"

namespace ohmic {

/// Tensors under the graph's names. Where a file describes its network (model_config), that must be
/// the graph's, layer by layer; the epsilons of BatchNorm become the graph's, and what is absent by
/// intention (use_bias, center, scale) is filled in. Weights alone are found by their order: the
/// k-th convolution, BatchNorm and dense layer of fitting shape are the graph's k-th. Kernels are
/// turned from [kh, kw, in, out] and [in, out] to ours. Throws DataError.
LoadedCheckpoint read_keras_h5(const std::filesystem::path&, Graph&);
bool is_keras_archive(const std::filesystem::path& zip);
LoadedCheckpoint read_keras_archive(const std::filesystem::path&, Graph&);

}  // namespace ohmic
