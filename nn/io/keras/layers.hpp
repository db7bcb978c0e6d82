// One layer of a Keras file as operations.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nn/io/keras/config.hpp"

namespace ohmic::keras {

/// Appends what the layer computes of `inputs` to the network; the index of its result. Throws
/// DataError that names `file`, the layer and the key.
int add_layer(const std::string& file, Operation layer, const nlohmann::json& config,
              Network& network);

}  // namespace ohmic::keras
