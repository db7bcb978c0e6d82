// Whether a network that a Keras file describes is the one that will be computed.
#pragma once

#include <string>
#include <vector>

#include "nn/io/keras/config.hpp"
#include "nn/network/graph.hpp"

namespace ohmic::keras {

struct Match {
  std::vector<int> operations;  ///< for each node of the graph, the operation that it is
  std::vector<int> scalings;    ///< operations between the input and the first layer, in order
};

/// Finds every node's operation and takes over the epsilon of each BatchNorm. Throws DataError that
/// names `file`, the first layer that differs, its key, the value in the file and the one expected.
Match match(const std::string& file, const Network&, Graph&);

}  // namespace ohmic::keras
