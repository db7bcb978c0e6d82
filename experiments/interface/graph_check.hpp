// Whether a Graph that a program built fits itself.
#pragma once

#include <string>

#include "nn/network/graph.hpp"

namespace ohmic {

/// Every node takes as many values as it can, of the shapes that it says, and the last one gives
/// Graph::classes numbers. Throws DataError that names the network and the node. What digital
/// operators make of their inputs is theirs.
void check_graph(const Graph&, const std::string& network);

}  // namespace ohmic
