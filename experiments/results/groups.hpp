// Points as a reader compares them: everything but eta the same is one group, and makes one row of
// the summary and one curve of the figure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/results/published.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {

/// One eta of a group; NaN where eta is not swept.
struct GroupPoint {
  double eta = Estimate::kNone;
  PointSummary summary;
  bool has_normalized = true;
  /// What stands beside an eta: the normalised accuracy, or the value of another metric.
  const Estimate& shown() const { return has_normalized ? summary.normalized : summary.value; }
};

struct Group {
  Axes axes;                               ///< swept keys but device.eta, as text
  const Experiment* experiment = nullptr;  ///< of its first point
  std::vector<GroupPoint> points;          ///< in the order of the sweep
  double baseline = 0;
  std::int64_t images = 0;
  /// Of what is shown, over the non-zero eta: A_avr, or the mean of another metric. NaN without
  /// any, or where A is not defined.
  Estimate average;
  Published published;

  /// Its swept values in words; without any, its network.
  std::string label() const;
  const GroupPoint* at(double eta) const;  ///< null where that eta was not measured
};

/// In the order of the sweep. Where some points have no eta (device models are swept), eta is an
/// axis like any other: no average stands beside a single value.
std::vector<Group> group_points(const std::vector<MeasuredPoint>&);

/// Table for a terminal: a row per group with baseline, A_x per eta and A_avr with its half-width,
/// all in per cent; the published numbers, where there are any, on a line below.
std::string summary_table(const std::vector<Group>&);

/// What its columns mean, and the level of its intervals.
std::string summary_legend(const std::vector<Group>&);

/// evaluation.confidence of points in per cent: "95 %"; where they differ "50 or 95 %".
std::string levels_text(const std::vector<const Experiment*>&);
std::string levels_text(const std::vector<Group>&);

/// Every eta of the groups, ascending.
std::vector<double> etas_of(const std::vector<Group>&);

}  // namespace ohmic
