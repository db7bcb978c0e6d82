// [budget.lifetime]: the same chips at one age after the other, and until when they stay good.
//
// A chip lives until the first age at which it misses the limit; between that age and the one
// before nothing is known. The life that a share of all chips reaches has bounds by order
// statistics, for any distribution: the lower one of the last ages at which chips were good, the
// upper one of the first at which they were not.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/yield.hpp"

namespace ohmic {

/// The chips of one point with one remedy.
struct AgingChips {
  const Point* point = nullptr;
  std::string remedy;  ///< in words; "as given" without one
  double baseline = 0;
  std::vector<double> times_s;
  std::vector<Replicates> at;       ///< by age; replicate d is the same chip at all of them
  Remedy keys = {};                 ///< what the remedy sets
  double writes = Estimate::kNone;  ///< of devices, by which a chip is programmed once

  MetricWords words() const { return MetricWords(point->experiment); }
  /// How many are good at every age up to this one.
  std::int64_t alive(std::size_t age, double limit) const;
  /// The value that a share of the chips reaches at this age; see reached_estimate.
  Estimate reached(std::size_t age, double share, double confidence) const;
};

/// A year in s.
inline constexpr double kYear_s = 365.25 * 86400;

/// Ages in s. 0: not even the first age.
struct Lifetime {
  double seen = 0;      ///< the last age at which the share of these chips was still good
  double at_least = 0;  ///< shown of all chips; NaN: too few chips
  double at_most = 0;   ///< likewise; infinite: not within the ages looked at

  /// How often a chip is written within a year, each time as old as it is shown to be good; NaN
  /// without such an age.
  double rewrites_per_year() const { return at_least > 0 ? kYear_s / at_least : Estimate::kNone; }
};

/// Faults where layers have ages of their own, which a key that gives ages would leave as they are:
/// whatever they are, also the file's.
void check_ages(const BudgetRequest&, const std::string& key, std::vector<Fault>&);
/// Appends what is wrong with the request, before anything is computed.
void check_lifetime(const BudgetRequest&, std::vector<Fault>&);
/// The experiment with what a remedy sets, at an age.
Experiment with_remedy(const Experiment&, const Remedy&, double age_s);
/// The experiment with every remedy at every age.
std::vector<Experiment> aged(const LifetimeSettings&, const Experiment&);
/// Of every point and remedy.
std::vector<AgingChips> follow_chips(AnalysisContext&);

Lifetime lifetime_of(const AgingChips&, double limit, double share, double confidence);

}  // namespace ohmic
