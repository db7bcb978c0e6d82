// Whether images are prepared as a file's network prepares them itself.
#pragma once

#include <string>

#include "nn/data/dataset.hpp"
#include "nn/io/preprocessing.hpp"

namespace ohmic {

/// A network that scales its input itself (Rescaling, Normalization) is computed without those
/// layers: the images' normalisation must do the same to pixels of 0..255 or of 0..1. Throws
/// DataError that names `file`, the layers and the table data.normalize that would.
void check_preprocessing(const std::string& file, const Preprocessing&, const Normalization&);

}  // namespace ohmic
