#include "experiments/statistics/proportion.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <functional>

namespace ohmic {

Estimate proportion_estimate(std::int64_t successes, std::int64_t trials, double confidence) {
  using Binomial = boost::math::binomial_distribution<double>;
  const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
  const double tail = (1 - confidence) / 2;
  Estimate e;
  e.mean = k / n;
  e.lo = successes == 0 ? 0.0 : Binomial::find_lower_bound_on_p(n, k, tail);
  e.hi = successes == trials ? 1.0 : Binomial::find_upper_bound_on_p(n, k, tail);
  return e;
}

std::optional<double> reached_by_share(std::vector<double> values, double share,
                                       double confidence) {
  // The k-th smallest value is at or below the quantile 1 - share when at least k values are.
  const boost::math::binomial_distribution<double> below(static_cast<double>(values.size()),
                                                         1 - share);
  std::sort(values.begin(), values.end());
  std::size_t k = 0;
  while (k < values.size() && cdf(complement(below, static_cast<double>(k))) >= confidence) ++k;
  if (k == 0) return std::nullopt;
  return values[k - 1];
}

Estimate reached_estimate(std::vector<double> values, double share, double confidence) {
  if (values.empty()) return {};
  const double each = (1 + confidence) / 2;
  Estimate e;
  e.lo = reached_by_share(values, share, each).value_or(Estimate::kNone);
  std::vector<double> mirrored;
  for (const double value : values) mirrored.push_back(-value);
  e.hi = -reached_by_share(std::move(mirrored), 1 - share, each).value_or(Estimate::kNone);
  const auto count = static_cast<double>(values.size());
  const auto reaching = static_cast<std::size_t>(std::ceil(share * count - 1e-9));
  std::sort(values.begin(), values.end(), std::greater());
  e.mean = values[std::max<std::size_t>(reaching, 1) - 1];
  return e;
}

}  // namespace ohmic
