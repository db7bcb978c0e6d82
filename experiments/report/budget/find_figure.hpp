// Accuracy at every value that was looked at, the limits, and the interval that holds the budget.
#pragma once

#include "experiments/budget/find.hpp"
#include "experiments/figures/gnuplot.hpp"

namespace ohmic {

/// Files are called budget.*: one panel per point of the sweep.
Figure budget_figure(const std::vector<FoundBudget>&, const BudgetSettings&);

}  // namespace ohmic
