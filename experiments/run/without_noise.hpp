// What is lost before any noise: right answers of the digital network, and of the mapped one with
// exact devices, each counted once for all points that share it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "experiments/run/chip.hpp"

namespace ohmic {

class WithoutNoise {
 public:
  /// Sets images, baseline_correct and noise_free_correct.
  void measure(Chip&, const TrainedNetwork&, const Experiment&, PointResult&);

 private:
  std::map<const TrainedNetwork*, std::int64_t> baselines_;
  std::map<std::pair<const TrainedNetwork*, std::string>, std::int64_t> noise_free_;
};

}  // namespace ohmic
