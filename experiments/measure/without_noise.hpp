// What is lost before any noise: the metric of the digital network, and of the mapped one with
// exact devices, each found once for all points that share it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "experiments/measure/point_chip.hpp"

namespace ohmic {

class WithoutNoise {
 public:
  /// Sets metric, images, answers, baseline_score and noise_free_score.
  void measure(PointChip&, const TrainedNetwork&, const Experiment&, PointResult&);

 private:
  std::map<const TrainedNetwork*, double> baselines_;
  std::map<std::pair<const TrainedNetwork*, std::string>, double> noise_free_;
};

}  // namespace ohmic
