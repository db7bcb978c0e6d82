// The [budget] table: how much loss is allowed, how surely it must be known, and which analyses
// `ohmic budget` runs. Each analysis is a sub-table, run when it is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/layer_settings.hpp"
#include "simulator/config/schema.hpp"

namespace ohmic {

enum class DropUnit {
  percent_of_baseline,  ///< of the accuracy of the digital weights
  points,               ///< per cent of the images
};

enum class KnobScale { log, linear };

enum class Tolerate {
  largest,  ///< accuracy falls with the knob: noise, resistance, age, rates
  fewest,   ///< accuracy rises with the knob: bits
};

/// [budget.find]: the largest (or fewest) value of a knob that keeps the loss within max_drop.
struct FindSettings {
  std::vector<std::string> knob{"device.eta"};  ///< dotted keys that get the same value
  std::vector<double> range{0.005, 0.5};        ///< lowest and highest value
  KnobScale scale = KnobScale::log;
  Tolerate tolerate = Tolerate::largest;
  int steps = 64;  ///< of the grid on which values lie; whole numbers have all of theirs
  static const Schema<FindSettings>& schema();
};

/// [budget.yield]: how accuracy is spread over chips.
struct YieldSettings {
  std::optional<double> target;  ///< accuracy a good chip reaches; absent: max_drop says
  double share = 0.95;           ///< of chips whose accuracy is promised
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
  std::vector<double> max_drop{1.0};
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

  static const Schema<BudgetSettings>& schema();
  /// A drop as a fraction of the images, for a baseline in [0, 1].
  double allowed_loss(double drop_value, double baseline) const;
  /// "1 %" or "1 points".
  std::string drop_text(double drop_value) const;
};

}  // namespace ohmic
