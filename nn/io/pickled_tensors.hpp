// The tensors that a pickle of PyTorch speaks of: state dicts, checkpoints that hold them, pickled
// modules and TorchScript.
// Source: torch/_utils.py and torch/_tensor.py for what is rebuilt, torch/nn/modules/module.py for
// where a module keeps its tensors.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/io/pickle.hpp"
#include "nn/network/tensor_names.hpp"

namespace ohmic {

/// A strided view of a storage that lies elsewhere in the file.
struct PickledTensor {
  FileTensor file;
  std::string storage;      ///< key
  std::string type;         ///< of its elements: "Float", "BFloat16", "Long"
  std::int64_t offset = 0;  ///< elements
  std::vector<std::int64_t> strides;
};

struct PickledTensors {
  std::vector<PickledTensor> tensors;
  /// What the pickle would have called besides and what was left unread: "argparse Namespace".
  std::vector<std::string> unread;
};

/// Throws DataError (without a file's name) for tensors that cannot be.
PickledTensors tensors_of(const Pickle&);

/// The tensor that a value is, a dense one of any type or one that is named as foreign; absent for
/// what is none. Throws DataError as above.
std::optional<PickledTensor> tensor_at(const Pickle&, PickledValue);

/// Types of the elements of all storages that a pickle names, by key.
std::map<std::string, std::string> storage_types(const Pickle&);

}  // namespace ohmic
