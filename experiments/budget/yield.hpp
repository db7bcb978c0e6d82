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

/// A fault where chips see a part of the images each, so that they cannot be told apart.
void check_chips_see_all_images(const BudgetRequest&, const std::string& analysis,
                                std::vector<Fault>&);
/// Appends what is wrong with the request, before anything is computed.
void check_yield(const BudgetRequest&, std::vector<Fault>&);
/// The chips of every point.
std::vector<Chips> find_yields(AnalysisContext&);

/// What max_drop, max_rise or limit leave to chips of a network.
std::vector<Target> allowed_targets(const MetricWords&, double baseline, const BudgetSettings&);
/// yield.target; without one, what is allowed.
std::vector<Target> targets_of(const Chips&, const BudgetSettings&);
/// The value that is given; without one, what is allowed to chips of a network.
std::vector<Target> targets_of(const MetricWords&, double baseline,
                               const std::optional<double>& given, const BudgetSettings&);
/// The least of sign() times a value that reaches the target, to rounding.
double worst_good(double target, const Metric&);
/// Whether a value reaches the target, to rounding.
bool is_good_chip(double value, double target, const Metric&);
std::int64_t good_chips(const Chips&, double target);
/// Share of good chips with its interval.
Estimate yield_of(const Chips&, double target, double confidence);
/// The value that, with confidence, at least yield.share of all chips reaches; none with too few.
std::optional<double> promised(const Chips&, const BudgetSettings&);

}  // namespace ohmic
