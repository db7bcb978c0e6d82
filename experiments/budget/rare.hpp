// [budget.rare]: the share of chips that are worse than a limit, down to one in a million.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/yield.hpp"
#include "experiments/statistics/splitting.hpp"

namespace ohmic {

/// The worst chips of one point.
struct RareChips {
  const Point* point;
  double baseline;
  SplittingAnswer found;            ///< of values times -sign()
  std::vector<double> plain;        ///< values of the plain draws that populations began with
  std::vector<double> limits = {};  ///< all targets, as arguments of `found`

  MetricWords words() const { return MetricWords(point->experiment); }
  double sign() const { return words().metric().sign(); }
  /// Of chips that miss a value: the argument of `found`.
  double beyond(double target) const { return -worst_good(target, words().metric()); }
  /// The share of all chips that miss the target; where no repetition saw one, from 0 to the upper
  /// end of the share beyond the farthest of the levels and the other targets before it that one
  /// reached: no more chips miss a worse value. Before the first level it is that of plain chips,
  /// and 0 where the metric has no value that misses it.
  Estimate share_missing(double target, double confidence) const;
  /// Whether the metric has values that miss the target.
  bool can_miss(double target) const;
  /// Whether the target lies before the first level.
  bool is_plain(double target) const;
  /// The share of plain draws that miss the target.
  Estimate plain_share(double target, double confidence) const;
  /// How many of them do.
  std::int64_t plain_missing(double target) const;
  std::vector<Target> targets(const BudgetSettings& settings) const {
    return targets_of(words(), baseline, settings.rare->target, settings);
  }
};

/// Appends what is wrong with the request, before anything is computed.
void check_rare(const BudgetRequest&, std::vector<Fault>&);
/// Of every point; throws ConfigError where a GPU would make the noise.
std::vector<RareChips> find_rare_chips(AnalysisContext&);

/// What an answer may take, by what one pass over the test images takes.
std::string effort_text(const RareSettings&, double pass_s);

/// Why an answer is to be doubted, a sentence each.
std::vector<std::string> doubts_of(const RareChips&, const BudgetSettings&);

}  // namespace ohmic
