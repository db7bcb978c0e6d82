// The layers of a Keras weight file and their tensors, however Keras laid them out.
// Source: Keras 2 and 3, legacy hdf5_format (LAYER/.../kernel:0, below model_weights in a whole
// model); Keras 3 saving_lib (layers/conv2d_1/vars/0, older: _layer_checkpoint_dependencies).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/io/hdf5/hdf5.hpp"
#include "nn/io/keras/config.hpp"

namespace ohmic::keras {

struct StoredLayer {
  std::string group;  ///< where its tensors lie
  std::string top;    ///< the outermost group, a model's where models are nested
  std::string name;
  bool numbered = false;                     ///< Keras 3: tensors are called 0, 1, 2, ...
  std::map<std::string, std::string> items;  ///< data sets by what Keras calls them: kernel, gamma
};

/// In the order that Keras saved them, as far as the file says: of models before what they are in,
/// by number. Optimizers' tensors are left out. Throws DataError.
std::vector<StoredLayer> stored_layers(const Hdf5File&);

/// The stored layer of an operation; nothing where there is none.
const StoredLayer* find(const std::vector<StoredLayer>&, const Operation&);

}  // namespace ohmic::keras
