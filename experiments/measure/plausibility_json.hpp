// What is known of a network's plausibility, as points keep it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "nn/torch/plausibility.hpp"

namespace ohmic {

nlohmann::ordered_json plausibility_json(const Plausibility&);
/// Throws DataError, as say_damaged, for what is missing, of another type, or no such number.
Plausibility plausibility_from(const nlohmann::ordered_json&, const std::string& place);

}  // namespace ohmic
