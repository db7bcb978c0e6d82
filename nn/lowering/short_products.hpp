// Products with constant matrices in short, where only what an answer hangs on is asked for.
// Private to nn/lowering: at::Tensor appears by name only.
#pragma once

#include <map>
#include <string>

#include "nn/import/imported_model.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

/// Runs a node as run_node() does, but a product with a large matrix over the first rows of the
/// matrix alone, each driven by the sum of many inputs: outputs have their shapes and types, hang
/// on the same inputs and are about as large, at a fraction of the work. Their numbers mean
/// nothing.
void run_node_in_short(const ModelNode&, int opset, std::map<std::string, at::Tensor>& values);

}  // namespace ohmic
