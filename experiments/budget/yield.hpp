// [budget.yield]: every draw is one chip; how many of them are good enough?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"

namespace ohmic {

/// The chips of one point.
struct Chips {
  const Point* point;
  double baseline;
  Replicates replicates;
  std::vector<double> values;  ///< worst first

  MetricWords words() const { return MetricWords(point->experiment); }
  double sign() const { return words().metric().sign(); }
};

/// What a good chip must reach.
struct Target {
  std::string text;
  double change;  ///< max_drop or max_rise; NaN: given as a value
  double value;
};

/// Appends what is wrong with the request, before anything is computed.
void check_yield(const BudgetRequest&, std::vector<Fault>&);
/// The chips of every point.
std::vector<Chips> find_yields(AnalysisContext&);

std::vector<Target> targets_of(const Chips&, const BudgetSettings&);
std::int64_t good_chips(const Chips&, double target);
/// Share of good chips with its interval.
Estimate yield_of(const Chips&, double target, double confidence);
/// The value that, with confidence, at least yield.share of all chips reaches; none with too few.
std::optional<double> promised(const Chips&, const BudgetSettings&);

}  // namespace ohmic
