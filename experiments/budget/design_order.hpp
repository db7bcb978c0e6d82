// Which designs are worth a look, where there are more than there are draws for.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/budget/design_pool.hpp"
#include "experiments/budget/race.hpp"

namespace ohmic {

struct DesignOrder {
  std::vector<std::size_t> designs;  ///< of the pool, the most promising first
  std::int64_t predictions = 0;      ///< evaluations of the samples without noise
};

/// The designs of a pool in the order in which a race looks at them: where it can look at all, the
/// cheapest first. Else they are predicted: the value with exact devices, less what linear
/// propagation of the weights' noise loses where that serves. Predicted are designs spread over all
/// costs, then those that differ in one choice from the most promising, which the pool takes up; a
/// quarter of the race's evaluations at most.
DesignOrder order_of(AnalysisContext&, const Point&, DesignPool&, const RaceSettings&,
                     double baseline);

}  // namespace ohmic
