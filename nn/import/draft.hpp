// What every reader of model files ends with: nodes as the file has them become a model whose nodes
// are needed, named and in an order in which they can run.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nn/import/imported_model.hpp"

namespace ohmic {

/// The version of ONNX's operators whose nodes readers of other formats make.
inline constexpr int kOpsetOfDrafts = 20;

/// Axes of a tensor in a file that is not damaged.
inline constexpr std::size_t kMostAxes = 64;
/// More than any network has; a file of empty nodes would take many times its size.
inline constexpr std::size_t kMostNodes = 1'000'000;

/// A node that may be wrong; that matters only where it is needed.
struct DraftNode : ModelNode {
  std::string problem;  ///< why the node cannot be taken, and what would be; empty: it can
};

/// A model as a file has it. `model.nodes` is empty: `nodes` says them.
struct Draft {
  ImportedModel model;
  std::vector<DraftNode> nodes;                 ///< in any order; perhaps without names
  std::map<std::string, std::string> problems;  ///< of constants that cannot be taken, by name
};

/// Names what has no name, drops what no output needs, orders the rest (the file's order where it
/// is one). Throws DataError (without the file's name) naming the first node that has a problem,
/// asks for what is not there, makes what is there already, or waits for itself. Linear in the size
/// of the model but for a logarithm.
ImportedModel finish(Draft);

/// Text of a file for a message or a table: control characters and what is not UTF-8 as '_'.
std::string printable(std::string_view);
/// The same in quotes, shortened where it is very long.
std::string in_quotes(std::string_view);
/// "NAME (OP)", how a message names a node.
std::string title(const ModelNode&);

}  // namespace ohmic
