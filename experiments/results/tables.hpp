// The files a run is read by: results.csv, results.jsonl, layers.csv. They hold no times and no
// dates and are made again from the finished points, so that the same points give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "experiments/experiment.hpp"
#include "experiments/results/point_result.hpp"
#include "experiments/results/text_table.hpp"

namespace ohmic {

struct NetworkCost;

/// A point of the sweep and what it measured.
struct MeasuredPoint {
  const Point* point = nullptr;
  const PointResult* result = nullptr;
  const NetworkCost* cost = nullptr;  ///< null where the experiment has no [cost]
  /// Identity of its network's training; null where that is not asked for, or none was trained.
  const std::string* training = nullptr;
  /// What speaks against its numbers (point_warnings.hpp); null where that is not asked for.
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

/// One row per point, in the order given: every swept key under its dotted name, then images,
/// draws, baseline, METRIC, METRIC_lo, METRIC_hi under the metric's name, normalized,
/// normalized_lo, normalized_hi where the metric has it, std_draws, noise_free, dac_clipped,
/// adc_clipped (shares of samples), dead_filters, cost_columns where there is a cost, identity.
/// Fractions; a number that does not exist is empty.
std::string results_csv(const std::vector<MeasuredPoint>&);
/// The same with each draw's value as "accuracies", of another metric as "values", and the
/// warnings, one JSON object per line.
std::string results_jsonl(const std::vector<MeasuredPoint>&);
/// The swept keys of a point as they begin its line, a JSON object.
std::string axes_json(const Point&);
/// One row per point and crossbar layer: every unit of its noise, and what draw 0 really did.
std::string layers_csv(const std::vector<MeasuredPoint>&);

/// A swept value as a person reads it: strings without quotes, 0.0005 rather than 5e-04.
std::string plain_text(const Value&);

}  // namespace ohmic
