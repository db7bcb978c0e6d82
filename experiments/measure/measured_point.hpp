// A point of a sweep with what it measured, and what is said of it in few numbers.
#pragma once

#include <string>
#include <vector>

#include "experiments/measure/network_cost.hpp"
#include "experiments/measure/point_result.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

/// A point of the sweep and what it measured.
struct MeasuredPoint {
  const Point* point = nullptr;
  const PointResult* result = nullptr;
  const NetworkCost* cost = nullptr;  ///< null where the experiment has no [cost]
  /// Identity of its network's training; null where that is not asked for, or none was trained.
  const std::string* training = nullptr;
  /// What speaks against its numbers (results/point_warnings.hpp); null where that is not asked
  /// for.
  const std::vector<std::string>* warnings = nullptr;
};

/// What is said of one point, in the numbers of its metric: accuracies are fractions of 1.
struct PointSummary {
  double baseline = 0;
  Estimate value;  ///< interval within what the metric can be
  /// value / baseline, the baseline a constant; NaN when it is 0 or the metric has no such thing.
  Estimate normalized;
  double std_draws = 0;
  double noise_free = 0;  ///< mapped and converted, devices exact
};
PointSummary summarize(const PointResult&, double confidence);

}  // namespace ohmic
