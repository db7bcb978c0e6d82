// Nodes of an ONNX graph, with the functions that the file brings along written out.
#pragma once

#include <vector>

#include "nn/import/draft.hpp"
#include "nn/import/onnx_messages.hpp"
#include "nn/import/onnx_values.hpp"

namespace ohmic {

/// The graph's nodes; a call of one of the model's functions becomes the function's nodes, named
/// "CALL/NAME", as are the values inside. Throws DataError (without the file's name) for functions
/// that call themselves or make more than a million nodes.
std::vector<DraftNode> onnx_nodes(const OnnxModel&, OnnxFiles&);

}  // namespace ohmic
