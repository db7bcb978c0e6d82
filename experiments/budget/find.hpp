// [budget.find]: the global budget of one knob.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/grid.hpp"
#include "experiments/budget/search.hpp"

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
  /// Of one chip at each of the probes; empty without [cost].
  std::vector<LayerCost> costs = {};
  /// Every draw has the same results at both ends of the range.
  bool changes_nothing = false;
  /// The first value of the grid is not tolerated and the last is shown to be better: the knob acts
  /// the other way than `tolerate` says.
  bool is_turned = false;

  /// A value of the grid; NaN for none.
  double value_at(const std::optional<std::size_t>& index) const;
  /// The probe at a value of the grid; result.probes.size() where there is none.
  std::size_t probe_at(const std::optional<std::size_t>& index) const;
};

/// Why a key is no knob: samples, training and how answers are measured are not what a network
/// tolerates. Empty for a key of the hardware.
std::string no_hardware_text(const std::string& knob);

/// Appends what is wrong with the request, before anything is computed.
void check_find(const BudgetRequest&, std::vector<Fault>&);
/// For every point and everything that is allowed.
std::vector<FoundBudget> find_budgets(AnalysisContext&);

/// What chips measure at a value of the grid: the first `draws` replicates.
using ResultAt = std::function<PointResult(std::size_t index, std::int64_t draws)>;
/// The same for one of each, by whatever measures.
FoundBudget search_budget(const Point&, const BudgetSettings&, const Allowance&, const ResultAt&);
/// Why the answer is not what was asked for, a clause each.
std::vector<std::string> remarks_on(const FoundBudget&, const FindSettings&);

Grid grid_of(const FindSettings&, const Experiment&);
/// The experiment with the knob at the first value of its grid and at the last.
std::vector<Experiment> ends_of_range(const FindSettings&, const Experiment&);
/// The search for what is allowed to a network that `start` knows, over so many steps.
SearchSettings search_for(const BudgetSettings&, const Allowance&, const PointResult& start,
                          std::size_t steps);
/// The first key in words: "ADC bits"; and all of them with their unit.
std::string short_knob(const FindSettings&);
std::string knob_title(const FindSettings&, const Experiment&);
/// "loss of at most 1 %: eta up to 0.0513 tolerated, 0.0532 not".
std::string answer_text(const FoundBudget&, const BudgetSettings&);

}  // namespace ohmic
