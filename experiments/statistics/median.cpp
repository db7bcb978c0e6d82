#include "experiments/statistics/median.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>

namespace ohmic {

Estimate median_estimate(std::vector<double> values, double confidence) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  // As many as k values lie below the median with the probability of k heads of n coins.
  const boost::math::binomial_distribution<double> below(static_cast<double>(n), 0.5);
  std::size_t k = 0;
  while (cdf(below, static_cast<double>(k)) <= (1 - confidence) / 2) ++k;
  Estimate e;
  e.mean = (values[(n - 1) / 2] + values[n / 2]) / 2;
  if (k == 0) return e;
  e.lo = values[k - 1];
  e.hi = values[n - k];
  return e;
}

}  // namespace ohmic
