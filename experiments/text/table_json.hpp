// A row of the table as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "experiments/text/table.hpp"

namespace ohmic {

/// A member per column, in their order; a number that does not exist is null.
nlohmann::ordered_json json_of(const Fields&);

}  // namespace ohmic
