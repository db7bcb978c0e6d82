// Operators on plain numbers, for whoever does not meet LibTorch.
#pragma once

#include <vector>

#include "nn/import/imported_model.hpp"

namespace ohmic {

/// The outputs of one node, in its order. Inputs in the order of node.inputs; those with an empty
/// name are absent. Throws DataError as run_node does.
std::vector<ConstantTensor> evaluate(const ModelNode&, int opset,
                                     const std::vector<ConstantTensor>& inputs);

/// The gradients of sum_i <outputs_i, weights_i> for each input; those of inputs that are not
/// floats, or on which nothing depends, are zeros of the input's shape. `weights` has one entry for
/// each output that is a float, in order.
std::vector<ConstantTensor> gradients(const ModelNode&, int opset,
                                      const std::vector<ConstantTensor>& inputs,
                                      const std::vector<ConstantTensor>& weights);

/// The outputs of a whole model, in its order. Inputs in the order of model.inputs.
std::vector<ConstantTensor> evaluate(const ImportedModel&,
                                     const std::vector<ConstantTensor>& inputs);

}  // namespace ohmic
