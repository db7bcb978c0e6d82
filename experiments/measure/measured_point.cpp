#include "experiments/measure/measured_point.hpp"

#include <algorithm>
#include <cmath>

namespace ohmic {

PointSummary summarize(const PointResult& result, double confidence) {
  const Replicates replicates = result.replicates();
  PointSummary s;
  s.baseline = result.baseline();
  s.value = mean_estimate(replicates, confidence);
  s.value.mean = result.value();
  if (!std::isnan(s.value.lo)) {
    s.value.lo = std::max(s.value.lo, result.metric->least);
    s.value.hi = std::min(s.value.hi, result.metric->most);
  }
  if (result.metric->has_normalized && s.baseline > 0)
    s.normalized = s.value.scaled(1.0 / s.baseline);
  s.normalized.mean = result.normalized();
  s.std_draws = std_between(replicates);
  s.noise_free = result.noise_free();
  return s;
}

}  // namespace ohmic
