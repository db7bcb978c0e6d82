// The graph of a .pt2's JSON, translated. Private to nn/import/.
#pragma once

#include <map>
#include <string>

#include "nn/import/aten/aten_call.hpp"
#include "nn/import/json.hpp"
#include "nn/import/pt2_archive.hpp"

namespace ohmic {

/// Fills `graph` from a "graph_module". Operators without a translation stay as nodes "aten.NAME".
/// Throws DataError (without the file's name) or Json::exception for what is damaged.
void read_pt2_graph(const Json& graph_module, const std::map<std::string, Pt2Tensor>& tensors,
                    AtenGraph& graph);

}  // namespace ohmic
