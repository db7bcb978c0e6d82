// The costs of a run's points, found once for every network on every kind of hardware.
#pragma once

#include <map>
#include <string>

#include "experiments/measure/point_chip.hpp"

namespace ohmic {

class Costs {
 public:
  Costs(Networks& networks, Calibrations& calibrations)
      : networks_(networks), calibrations_(calibrations) {}
  /// Null where the experiment has no [cost]. Kept; found with a chip of its own, which takes as
  /// long as a point's, or with `chip` of the same experiment, which loses what is programmed.
  const NetworkCost* of(const Experiment&, PointChip* chip = nullptr);

 private:
  Networks& networks_;
  Calibrations& calibrations_;
  std::map<std::string, NetworkCost> costs_;
};

}  // namespace ohmic
