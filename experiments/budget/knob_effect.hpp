// What the metric changes by with one number of the hardware.
#pragma once

#include "experiments/budget/hardware_numbers.hpp"
#include "experiments/statistics/estimate.hpp"

namespace ohmic {

struct KnobEffect {
  Knob knob;
  Replicates at_low, at_high;  ///< the same draws
  Estimate change;             ///< of the metric as the number grows by one step
  /// All draws are the same at both ends.
  bool changes_nothing() const { return at_low.values == at_high.values; }
  /// Whether the interval of the change leaves 0 out.
  bool is_distinct() const { return change.lo > 0 || change.hi < 0; }
};

}  // namespace ohmic
