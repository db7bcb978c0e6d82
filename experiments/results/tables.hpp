// The files a run is read by: results.csv, results.jsonl, layers.csv. They hold no times and no
// dates and are made again from the finished points, so that the same points give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "experiments/measure/measured_point.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

/// One row per point, in the order given: every swept key under its dotted name, then images,
/// draws, baseline, METRIC, METRIC_lo, METRIC_hi under the metric's name, normalized,
/// normalized_lo, normalized_hi where the metric has it, std_draws, noise_free, dac_clipped,
/// adc_clipped (shares of samples), dead_filters, cost_fields where there is a cost, identity.
/// Fractions; a number that does not exist is empty.
std::string results_csv(const std::vector<MeasuredPoint>&);
/// The same with each draw's value as "accuracies", of another metric as "values", and the
/// warnings, one JSON object per line.
std::string results_jsonl(const std::vector<MeasuredPoint>&);
/// Its columns between the swept keys and the identity, those of costs at the end, with the words
/// and units that a figure has for them.
std::vector<Column> result_columns(const Experiment&);
/// The swept keys of a point as they begin its line, a JSON object.
std::string axes_json(const Point&);
/// One row per point and crossbar layer: every unit of its noise, and what draw 0 really did; the
/// bits of its converters where layers have some of their own.
std::string layers_csv(const std::vector<MeasuredPoint>&);

}  // namespace ohmic
