// What `ohmic check` does with a file whose keys are right.
#pragma once

#include <functional>
#include <string>

#include "experiments/budget/request.hpp"

namespace ohmic {

/// Opens what a run would open, looks at given networks and their samples, and hands over what is
/// worth a word, a line each. Throws what a run would throw.
void examine_request(const BudgetRequest&, const std::function<void(const std::string&)>& say);
/// "1 point", "12 points".
std::string points_words(const BudgetRequest&);

}  // namespace ohmic
