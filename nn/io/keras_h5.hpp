// Weights that Keras saved as HDF5 (whole models or weights alone), for layout keras_v1.
// Source: Keras saving/hdf5_format: LAYER/LAYER/kernel:0, below model_weights in a whole model.
#pragma once

#include <filesystem>

#include "nn/network/graph.hpp"

namespace ohmic {

/// Tensors under the graph's names. Keras numbers layers of a kind (conv2d_7) as they are made,
/// from any first number, so the k-th convolution, BatchNorm and dense layer in that order are the
/// graph's k-th. Kernels are turned from [kh, kw, in, out] and [in, out] to ours. Throws DataError.
Checkpoint read_keras_h5(const std::filesystem::path&, const Graph&);

}  // namespace ohmic
