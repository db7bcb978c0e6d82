// The costs of a run's points, found once for every network on every kind of hardware.
#pragma once

#include <map>
#include <string>

#include "experiments/results/cost_tables.hpp"
#include "experiments/run/chip.hpp"

namespace ohmic {

class Costs {
 public:
  Costs(Networks& networks, Calibrations& calibrations)
      : networks_(networks), calibrations_(calibrations) {}
  /// Null where the experiment has no [cost].
  const NetworkCost* of(const Experiment&);

 private:
  Networks& networks_;
  Calibrations& calibrations_;
  std::map<std::string, NetworkCost> costs_;
};

}  // namespace ohmic
