// What a question allows, held against one answer and against guessing.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/settings.hpp"
#include "experiments/measure/networks.hpp"

namespace ohmic {

/// One sentence each: where the least of what may be lost is less than one answer weighs, and where
/// what is allowed, or budget.yield.target, is no better than guessing. `baseline`: the network's
/// value without noise. Questions that allow nothing have none.
std::vector<std::string> limit_notes(const BudgetSettings&, const MetricWords&, double baseline,
                                     const TrainedNetwork&);

}  // namespace ohmic
