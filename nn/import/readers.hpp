// One reader per format; read_model() knows which to ask. Private to nn/import/.
#pragma once

#include <filesystem>

#include "nn/import/imported_model.hpp"

namespace ohmic {

/// Each throws DataError, which may leave out the file's name.
ImportedModel read_onnx(const std::filesystem::path&);

}  // namespace ohmic
