// Shares of a population seen through a sample of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {

/// Share of successes with the exact interval of Clopper and Pearson (Biometrika 26, 404, 1934),
/// which covers the true share with at least `confidence` for any share. 0 <= successes <= trials,
/// trials >= 1. `standard_error` is not set.
Estimate proportion_estimate(std::int64_t successes, std::int64_t trials, double confidence);

/// The largest of the values that, with `confidence`, at least `share` of the population reaches,
/// whatever its distribution (Wilks, Ann. Math. Stat. 12, 91, 1941); none when there are too few
/// values for that: at least ln(1 - confidence)/ln(share) are needed.
std::optional<double> reached_by_share(std::vector<double> values, double share, double confidence);

/// The value that at least `share` of the population reaches: `mean` is the largest that so many of
/// these values reach, the interval holds the population's with at least `confidence`, whatever the
/// distribution; an end is NaN where there are too few values, all are without any.
/// `standard_error` is not set.
Estimate reached_estimate(std::vector<double> values, double share, double confidence);

}  // namespace ohmic
