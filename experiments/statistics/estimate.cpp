#include "experiments/statistics/estimate.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace ohmic {
namespace {

double stratum_mean(const Replicates& r, std::size_t stratum, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += r.values[i][stratum];
  return sum / static_cast<double>(count);
}

/// Covariance of two conditions in one stratum over the replicates they share.
double covariance(const Replicates& a, const Replicates& b, std::size_t stratum) {
  const std::size_t n = std::min(a.values.size(), b.values.size());
  const double mean_a = stratum_mean(a, stratum, n), mean_b = stratum_mean(b, stratum, n);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    sum += (a.values[i][stratum] - mean_a) * (b.values[i][stratum] - mean_b);
  return sum / static_cast<double>(n - 1);
}

double mean_of(const Replicates& r) {
  double sum = 0;
  for (std::int64_t i = 0; i < r.count(); ++i) sum += r.total(i);
  return sum / static_cast<double>(r.count());
}

using Conditions = std::vector<const Replicates*>;

/// Variance that one stratum adds to the mean over conditions.
double stratum_variance(const Conditions& conditions, const std::vector<double>& factors,
                        std::size_t stratum) {
  double variance = 0;
  for (std::size_t a = 0; a < conditions.size(); ++a)
    for (std::size_t b = 0; b < conditions.size(); ++b) {
      const auto most = std::max(conditions[a]->count(), conditions[b]->count());
      variance += factors[a] * factors[b] * covariance(*conditions[a], *conditions[b], stratum) /
                  static_cast<double>(most);
    }
  const double share = conditions[0]->weights[stratum] / static_cast<double>(conditions.size());
  return std::max(variance, 0.0) * share * share;
}

/// Satterthwaite: (sum v)^2 / sum(v^2 / (n - 1)).
double effective_degrees(const std::vector<double>& variances, double degrees_each) {
  const double sum = std::accumulate(variances.begin(), variances.end(), 0.0);
  const double squares =
      std::inner_product(variances.begin(), variances.end(), variances.begin(), 0.0);
  return squares > 0 ? degrees_each * sum * sum / squares : degrees_each;
}

/// Half the width that an interval has at least: J (1 - error^(1/(n J))) images.
double least_half_width(const Replicates& r, double confidence) {
  const auto strata = static_cast<double>(r.weights.size());
  const double draws = strata * static_cast<double>(r.count());
  return r.quantum * strata * (1 - std::pow((1 - confidence) / 2, 1 / draws));
}

}  // namespace

double Replicates::total(std::int64_t replicate) const {
  const auto& row = values[static_cast<std::size_t>(replicate)];
  return std::inner_product(weights.begin(), weights.end(), row.begin(), 0.0);
}

Estimate Estimate::scaled(double factor) const {
  return {mean * factor, lo * factor, hi * factor, standard_error * factor, degrees_of_freedom};
}

double student_t_quantile(double p, double degrees) {
  return boost::math::quantile(boost::math::students_t(degrees), p);
}

Estimate mean_estimate(const Replicates& replicates, double confidence) {
  return average_estimate({&replicates}, {1.0}, confidence);
}

Estimate average_estimate(const Conditions& conditions, const std::vector<double>& factors,
                          double confidence) {
  Estimate estimate;
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  double mean = 0;
  for (std::size_t a = 0; a < conditions.size(); ++a) {
    fewest = std::min(fewest, conditions[a]->count());
    if (fewest > 0) mean += factors[a] * mean_of(*conditions[a]);
  }
  if (conditions.empty() || fewest < 1) return estimate;
  estimate.mean = mean / static_cast<double>(conditions.size());
  if (fewest < 2) return estimate;
  std::vector<double> variances;
  for (std::size_t j = 0; j < conditions[0]->weights.size(); ++j)
    variances.push_back(stratum_variance(conditions, factors, j));
  estimate.degrees_of_freedom = effective_degrees(variances, static_cast<double>(fewest - 1));
  estimate.standard_error = std::sqrt(std::accumulate(variances.begin(), variances.end(), 0.0));
  double least = 0;
  for (std::size_t a = 0; a < conditions.size(); ++a)
    least += std::abs(factors[a]) * least_half_width(*conditions[a], confidence) /
             static_cast<double>(conditions.size());
  const double half =
      std::max(least, estimate.standard_error *
                          student_t_quantile(0.5 + confidence / 2, estimate.degrees_of_freedom));
  estimate.lo = estimate.mean - half;
  estimate.hi = estimate.mean + half;
  return estimate;
}

Estimate paired_difference(const Replicates& a, const Replicates& b, double confidence) {
  return average_estimate({&a, &b}, {2.0, -2.0}, confidence);
}

double std_between(const Replicates& replicates) {
  const std::int64_t n = replicates.count();
  if (n < 2) return Estimate::kNone;
  const double mean = mean_of(replicates);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::pow(replicates.total(i) - mean, 2);
  return std::sqrt(sum / static_cast<double>(n - 1));
}

}  // namespace ohmic
