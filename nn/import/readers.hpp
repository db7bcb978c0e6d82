// One reader per format; read_model() knows which to ask. Private to nn/import/.
#pragma once

#include <filesystem>

#include "nn/import/imported_model.hpp"

namespace ohmic {

/// Ends the message about a file that is none of them.
inline constexpr const char* kModelFiles =
    "accepted are ONNX, PyTorch's .pt2 and Keras's .keras and .h5";

/// Each throws DataError, which may leave out the file's name.
ImportedModel read_onnx(const std::filesystem::path&);
ImportedModel read_pt2(const std::filesystem::path&);
ImportedModel read_keras(const std::filesystem::path&);           ///< a .keras archive
ImportedModel read_keras_h5_model(const std::filesystem::path&);  ///< HDF5 with a model_config

}  // namespace ohmic
