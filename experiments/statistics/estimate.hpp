// Means under noise and their intervals: what is random is the draw of the devices' noise, for this
// set of images. The baseline is then a constant.
//
// A replicate is one draw that saw every image (per_draw: one stratum), or one pass over the images
// in which every batch had a draw of its own (per_batch: one stratum per batch). Batches differ in
// how hard their images are, so a variance is taken within each stratum, over replicates, and
// Var(mean) = sum_j w_j^2 s_j^2 / R with Satterthwaite's degrees of freedom. With one stratum this
// is the t interval of the draws.
//
// Images are counted, so that draws can agree. No interval is narrower than what as many draws that
// agree leave room for: n replicates of J strata would agree with a probability of more than
// error = (1 - confidence)/2 wherever another draw of a stratum differs with a probability p of at
// most 1 - error^(1/(n J)), and such draws, an image apart, move the mean by J p images. (Where p
// differs between strata its sum is largest when they share it.)
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace ohmic {

/// Accuracies (fractions) by replicate and stratum; `weights` are the strata's shares of the images
/// and sum to 1.
struct Replicates {
  std::vector<double> weights;
  std::vector<std::vector<double>> values;  ///< [replicate][stratum]
  double quantum = 0;  ///< least step of a total: one image, as a fraction of all; 0: none

  std::int64_t count() const { return static_cast<std::int64_t>(values.size()); }
  /// The replicate's accuracy over all images.
  double total(std::int64_t replicate) const;
};

/// A mean with its confidence interval; all NaN without replicates, the interval NaN with one.
struct Estimate {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double mean = kNone;
  double lo = kNone, hi = kNone;
  double standard_error = kNone;
  double degrees_of_freedom = 0;

  double half_width() const { return (hi - lo) / 2; }
  /// Multiplied by a constant > 0.
  Estimate scaled(double factor) const;
};

/// Quantile of Student's t: P(T <= t) = p, 0 < p < 1, degrees > 0 (need not be whole).
double student_t_quantile(double p, double degrees);

/// Mean of the replicates; its interval covers the expectation over draws with `confidence`.
Estimate mean_estimate(const Replicates&, double confidence);

/// Mean of factor_a * mean_a over several conditions a (the six eta) that share their draws' random
/// numbers: replicate r of one condition goes with replicate r of the others, so covariances count.
/// With equally many replicates this is the interval of the per-draw averages; else conditions a
/// and b have covariance c_ab / max(R_a, R_b), c_ab from the replicates they share. All conditions
/// have the same strata. What each condition leaves room for adds up, as one draw that differs may
/// do so in all of them.
Estimate average_estimate(const std::vector<const Replicates*>& conditions,
                          const std::vector<double>& factors, double confidence);

/// mean(a) - mean(b) over draws that share their noise.
Estimate paired_difference(const Replicates& a, const Replicates& b, double confidence);

/// Std between replicates' accuracies (n - 1); NaN with fewer than two.
double std_between(const Replicates&);

}  // namespace ohmic
