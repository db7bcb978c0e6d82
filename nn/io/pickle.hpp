// A reader of Python pickles that holds data only: it knows the few globals that PyTorch's state
// dicts are made of and refuses all others, so nothing is ever executed.
// Source: Python's pickletools (protocol 2); torch/_utils.py for what is rebuilt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ohmic {

/// A tensor as PyTorch pickles it: a strided view of a storage that lies elsewhere in the file.
struct PickledTensor {
  std::string storage;       ///< key
  std::string storage_type;  ///< "FloatStorage"
  std::int64_t offset = 0;   ///< elements
  std::vector<std::int64_t> shape, strides;
};

struct Pickled {
  enum class Kind { none, number, text, sequence, dictionary, global, storage, tensor, mark };
  Kind kind = Kind::none;
  double number = 0;
  std::string text;                             ///< of text; "module name" of a global
  std::shared_ptr<std::vector<Pickled>> items;  ///< of a sequence
  std::shared_ptr<std::vector<std::pair<Pickled, Pickled>>> entries;  ///< of a dictionary
  std::shared_ptr<PickledTensor> tensor;                              ///< of a storage or tensor

  /// The entry under a text key of a dictionary, or null.
  const Pickled* find(std::string_view key) const;
};

/// Reads one pickle and moves `bytes` past it. Throws DataError (without a file's name) for what is
/// damaged or holds more than data.
Pickled read_pickle(std::string_view& bytes);

}  // namespace ohmic
