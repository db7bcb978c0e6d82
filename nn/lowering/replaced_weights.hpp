// Weights from another file for the network of a model file: the same network, trained on.
#pragma once

#include "nn/import/imported_model.hpp"
#include "nn/io/weight_file.hpp"

namespace ohmic {

/// Puts tensors of `weights` in the place of the model's constants of the same names (a prefix that
/// stands before all of them, as "module.", is passed over); with `dictionary`, those of that one
/// alone. All or nothing: throws DataError that names `file` where a tensor finds no constant of
/// its name or its shape is another, and where a constant of the network's parameters (with a
/// dotted name, more than one number) finds no tensor; a network whose BatchNorm was folded takes
/// no weights from before.
void replace_weights(ImportedModel& model, const WeightFile& weights, const std::string& file,
                     const std::string& dictionary = {});

}  // namespace ohmic
