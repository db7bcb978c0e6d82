// The [budget] table: how much loss is allowed, how surely it must be known, and which analyses
// `ohmic budget` runs. Each analysis is a sub-table, run when it is there.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/design_settings.hpp"
#include "experiments/budget/knob_settings.hpp"
#include "experiments/budget/layer_settings.hpp"
#include "experiments/budget/lifetime_settings.hpp"
#include "experiments/budget/rare_settings.hpp"
#include "experiments/statistics/estimate.hpp"
#include "experiments/study/metric_words.hpp"
#include "simulator/config/schema.hpp"

namespace ohmic {

enum class DropUnit {
  percent_of_baseline,  ///< of the metric with digital weights
  points,               ///< per cent of the images, of metrics that are shares
  unit,                 ///< the metric's own numbers
};

/// How bad a metric may get: by so much worse than without noise, or to a value.
struct Allowance {
  double change = Estimate::kNone;  ///< an entry of max_drop or max_rise
  double limit = Estimate::kNone;   ///< an entry of limit, where there is no change
  bool is_limit() const { return std::isnan(change); }
};

enum class KnobScale { log, linear };

enum class Tolerate {
  largest,  ///< answers get worse with the knob: noise, resistance, age, rates
  fewest,   ///< answers get better with the knob: bits
};

/// [budget.find]: the largest (or fewest) value of a knob that keeps the loss within what is
/// allowed.
struct FindSettings {
  std::vector<std::string> knob{"device.eta"};  ///< dotted keys that get the same value
  std::vector<double> range{0.005, 0.5};        ///< lowest and highest value
  KnobScale scale = KnobScale::log;
  Tolerate tolerate = Tolerate::largest;
  int steps = 64;  ///< of the grid on which values lie; whole numbers have all of theirs
  static const Schema<FindSettings>& schema();
};

/// [budget.yield]: how the metric is spread over chips.
struct YieldSettings {
  std::optional<double> target;  ///< value a good chip reaches; absent: what is allowed
  double share = 0.95;           ///< of chips whose value is promised
  std::int64_t draws = 100;      ///< chips
  static const Schema<YieldSettings>& schema();
};

enum class Design {
  one_at_a_time,  ///< each source alone, and all but each
  full,           ///< every combination, 2^k
  half,           ///< every second of them: the half of highest resolution
};

/// [budget.attribution]: which share of the loss comes from which source.
struct AttributionSettings {
  std::vector<std::string> sources;  ///< empty: all that the experiment has
  Design design = Design::full;
  std::int64_t draws = 20;
  static const Schema<AttributionSettings>& schema();
};

struct BudgetSettings {
  std::vector<double> max_drop{1.0};  ///< of metrics where higher is better
  std::vector<double> max_rise{1.0};  ///< of metrics where lower is better
  std::vector<double> limit;          ///< instead of both: values of the metric
  DropUnit drop = DropUnit::percent_of_baseline;
  double confidence = 0.95;
  std::int64_t draws = 10;       ///< of the first look
  std::int64_t max_draws = 200;  ///< of the last
  std::optional<FindSettings> find;
  std::optional<YieldSettings> yield;
  std::optional<AttributionSettings> attribution;
  std::optional<SensitivitySettings> sensitivity;
  std::optional<PredictionSettings> prediction;
  std::optional<AllocationSettings> allocation;
  std::optional<ProtectionSettings> protection;
  std::optional<KnobsSettings> knobs;
  std::optional<LifetimeSettings> lifetime;
  std::optional<RareSettings> rare;
  std::optional<DesignSettings> design;

  static const Schema<BudgetSettings>& schema();
  /// What is allowed, each a question of its own.
  std::vector<Allowance> allowances(const Metric&) const;
  /// The worst value that is allowed.
  double limit_of(const Allowance&, const Metric&, double baseline) const;
  /// "1 %", "1 points", "0.5 dB"; of a limit "20 dB".
  std::string text(const Allowance&, const MetricWords&) const;
  /// "loss of at most 1 %", "rise of at most 10 %", "signal-to-noise ratio of at least 20 dB".
  std::string phrase(const Allowance&, const MetricWords&) const;
  /// What the column of text() is called: "loss up to", "rise up to", "limit".
  std::string heading(const Metric&) const;
  /// The column of `change` in files: "max_drop", "max_rise"; what `drop` is called there.
  std::string change_column(const Metric&) const;
  std::string drop_name() const;
};

}  // namespace ohmic
