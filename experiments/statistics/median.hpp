// Medians of few values of any distribution.
#pragma once

#include <vector>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {

/// The median (as `mean`) of at least one value. Its interval lies between the k-th smallest and
/// the k-th largest, with the largest k for which that covers the true median with at least
/// `confidence` whatever the distribution (David and Nagaraja, Order Statistics, 7.1); there is
/// none below 1 - log2(1 - confidence) values: for 95 % six are needed.
Estimate median_estimate(std::vector<double> values, double confidence);

}  // namespace ohmic
