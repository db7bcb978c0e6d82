// How much of one non-ideality a network tolerates: what [budget.find] of `ohmic budget` finds,
// with the same draws and the same answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/settings.hpp"
#include "experiments/interface/measure.hpp"

namespace ohmic {

struct BudgetOptions {
  /// How much worse the metric may get, in the unit of `drop`: max_drop where higher is better,
  /// max_rise where lower is (ConfigError for the other one); 1 where neither is given.
  std::optional<double> max_drop = {}, max_rise = {};
  DropUnit drop = DropUnit::percent_of_baseline;
  std::vector<double> range{0.005, 0.5};  ///< lowest and highest value of the knob
  KnobScale scale = KnobScale::log;
  Tolerate tolerate = Tolerate::largest;  ///< fewest: of bits
  int steps = 64;                         ///< of the grid on which values lie
  std::int64_t draws = 10;                ///< of the first look at a value
  std::int64_t max_draws = 200;           ///< of the last
  MeasureOptions measure = {};            ///< draws of it do not count
};

/// One value that was looked at.
struct BudgetProbe {
  double value = 0;  ///< of the knob
  Estimate metric;
  std::int64_t draws = 0;
};

struct Budget {
  std::string knob;
  double baseline = 0, limit = 0;       ///< of the metric: without noise, and the worst allowed
  std::optional<double> tolerated;      ///< shown to be; none: not shown for any value
  std::optional<double> not_tolerated;  ///< shown not to be
  std::optional<double> estimate;       ///< where the mean crosses the limit
  std::vector<BudgetProbe> probes;      ///< mildest first
  /// What the chips say of themselves, that what is allowed is less than one answer or no better
  /// than guessing, and why nothing was found: the knob has no effect, acts the other way, or the
  /// loss is not that of the devices.
  std::vector<std::string> warnings;
};

/// `knob` is a dotted key of the hardware (mapping, device, periphery, noise) with a number:
/// "device.eta", "periphery.adc.bits". Throws ConfigError (also for a range that the knob does not
/// take), DataError or UnsupportedError.
Budget find_budget(const Network&, const Samples&, const Hardware&, const std::string& knob,
                   const BudgetOptions& = {});

}  // namespace ohmic
