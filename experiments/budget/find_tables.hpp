// The answers of [budget.find] as tables and a figure.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/grid.hpp"
#include "experiments/budget/result_table.hpp"
#include "experiments/budget/search.hpp"
#include "experiments/results/point_result.hpp"

namespace ohmic {

/// The budget of one point for one thing that is allowed.
struct FoundBudget {
  const Point* point = nullptr;
  Grid grid;
  Allowance allowance;
  PointResult start;  ///< at the mildest value, for its baseline and images
  SearchSettings search;
  SearchResult result;
  std::optional<PointResult> at_budget = std::nullopt;  ///< at the tolerated value, for its layers
};

Grid grid_of(const FindSettings&, const Experiment&);
/// The search for what is allowed to a network that `start` knows, over so many steps.
SearchSettings search_for(const BudgetSettings&, const Allowance&, const PointResult& start,
                          std::size_t steps);
/// The first key in words: "ADC bits"; and all of them with their unit.
std::string short_knob(const FindSettings&);
std::string knob_title(const FindSettings&, const Experiment&);
/// "loss of at most 1 %: eta up to 0.0513 tolerated, 0.0532 not".
std::string answer_text(const FoundBudget&, const BudgetSettings&);
/// Tables budget, budget_probes and budget_layers, and the figure budget.
AnalysisResult find_result(const std::vector<FoundBudget>&, const BudgetSettings&);

}  // namespace ohmic
