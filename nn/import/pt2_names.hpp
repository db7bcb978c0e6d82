// Names of the nodes of a .pt2: PyTorch numbers them by operator (conv2d_3); modules have names
// that people know (layer1.0.conv1). Private to nn/import/.
#pragma once

#include <string>
#include <vector>

#include "nn/import/json.hpp"

namespace ohmic {

/// What a node calls: "torch.ops.aten.relu_.default".
struct Pt2Target {
  explicit Pt2Target(const std::string& target);

  std::string shown;      ///< "aten.relu_.default"
  std::string looked_up;  ///< "relu.default", for find_aten
  bool in_place = false;  ///< changes its first tensor
};

class Pt2Names {
 public:
  explicit Pt2Names(const Json& nodes);
  /// A module's own name for its one node, or its one node with weights; else MODULE.NODE.
  const std::string& name(std::size_t node) const { return names_[node]; }

 private:
  std::vector<std::string> names_;
};

/// The keys of the dictionary (or of what PyTorch takes apart like one) of tensors that the model
/// returns, of a "graph_module"; empty where it returns anything else.
std::vector<std::string> output_keys(const Json& graph_module);

}  // namespace ohmic
