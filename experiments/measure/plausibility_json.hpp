// What is known of a network's plausibility, as points keep it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "nn/torch/plausibility.hpp"

namespace ohmic {

nlohmann::ordered_json plausibility_json(const Plausibility&);
/// Throws nlohmann::json::exception for what is missing or of another type.
Plausibility plausibility_from(const nlohmann::ordered_json&);

}  // namespace ohmic
