// Which of a file's tensors are a network's, whatever the program that wrote it put before their
// names: every reader of weights ends here. Names and shapes alone; no value is read for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

/// A tensor as its file calls it.
struct FileTensor {
  /// Keys of the dictionaries that it lies in, joined by dots: "checkpoint.state_dict"; empty where
  /// the file is one flat list.
  std::string dictionary;
  std::string name;  ///< in its dictionary: "module.conv1.weight"
  std::vector<std::int64_t> shape;
  /// What it is where its elements are no floats: "I64", "a sparse tensor"; else empty.
  std::string foreign_type;
};

/// Which network of a file is meant, where several fit.
struct TensorChoice {
  /// What stands before its names, whole or a part between dots: "ema" is "ema" and
  /// "state_dict_1.ema.module", but not "model_ema"; "." is nothing; empty: not said.
  std::string name;
  std::string key = "model.tensors";  ///< of the experiment file, for messages
};

/// For each parameter of the graph, by name, the index of its tensor in `tensors`. Wrappers
/// ("state_dict", "model", "net", ...) and prefixes ("module.", "_orig_mod.", "model.", nested ones
/// too) are found, not listed: they are what stands before every name of the only network that
/// fits; what torch.compile and FSDP put between two parts of a name is passed over. Beside it,
/// counters (num_batches_tracked, whole numbers of one element), other dictionaries and the
/// criterion's tensors are left alone; any other tensor in the network's own dictionary is refused.
/// So is a file with several networks that fit, unless the choice names one of them: then those
/// beside it are left alone.
///
/// Throws DataError that names `file`, what does not fit, what the file's tensors are called, the
/// architecture that they look like, and what can be run.
std::map<std::string, std::size_t> fit_names(const std::vector<FileTensor>& tensors, const Graph&,
                                             const std::string& file, const TensorChoice& = {});

/// A sentence that says which networks there are.
std::string what_can_be_run();

/// Text of a file as a message may hold it: printable, and not longer than a line.
std::string shown(const std::string& text);

}  // namespace ohmic
