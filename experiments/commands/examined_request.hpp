// What `ohmic check` does with a file whose keys are right.
#pragma once

#include "experiments/budget/request.hpp"

namespace ohmic {

/// Opens what a run would open, looks at given networks and their samples, and prints what is worth
/// a word. Throws what a run would throw.
void examine_request(const BudgetRequest&);
/// "1 point", "12 points".
std::string points_words(const BudgetRequest&);

}  // namespace ohmic
