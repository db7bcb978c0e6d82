#include "experiments/statistics/logit_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

// Sequences of their own among those of Stream::resampling.
constexpr std::uint8_t kRole = 1;
// Pivots below this share of the largest variance are rounding of zero.
constexpr double kTiny = 1e-7;
// A layer that hardly matters still gets a finite share.
constexpr double kLeastLoss = 1e-6;

std::size_t packed(std::size_t c, std::size_t other) {
  return c >= other ? c * (c + 1) / 2 + other : other * (other + 1) / 2 + c;
}

/// Lower triangle of the logits' covariance.
std::vector<double> covariance(const LogitSpread& spread, std::int64_t image,
                               std::span<const double> sigma_w) {
  std::vector<double> sum(spread.pairs(), 0.0);
  for (std::size_t l = 0; l < sigma_w.size(); ++l) {
    const float* A = spread.of(image, l);
    for (std::size_t p = 0; p < sum.size(); ++p) sum[p] += sigma_w[l] * sigma_w[l] * A[p];
  }
  return sum;
}

/// Cholesky factor in place of a positive semidefinite matrix; directions without variance are 0.
void factor(std::vector<double>& L, std::size_t classes) {
  double largest = 0;
  for (std::size_t c = 0; c < classes; ++c) largest = std::max(largest, L[packed(c, c)]);
  for (std::size_t j = 0; j < classes; ++j) {
    double pivot = L[packed(j, j)];
    for (std::size_t k = 0; k < j; ++k) pivot -= L[packed(j, k)] * L[packed(j, k)];
    const double root = pivot > kTiny * largest ? std::sqrt(pivot) : 0.0;
    L[packed(j, j)] = root;
    for (std::size_t i = j + 1; i < classes; ++i) {
      double v = L[packed(i, j)];
      for (std::size_t k = 0; k < j; ++k) v -= L[packed(i, k)] * L[packed(j, k)];
      L[packed(i, j)] = root > 0 ? v / root : 0.0;
    }
  }
}

/// Whether the label's logit is the largest, the first of equals, for z = mean + L xi.
bool is_right(const float* mean, const std::vector<double>& L, const float* xi, std::size_t classes,
              std::size_t label) {
  const auto z = [&](std::size_t c) {
    double v = mean[c];
    for (std::size_t k = 0; k <= c; ++k) v += L[packed(c, k)] * xi[k];
    return v;
  };
  const double own = z(label);
  for (std::size_t c = 0; c < classes; ++c)
    if (c != label && (c < label ? z(c) >= own : z(c) > own)) return false;
  return true;
}

double normal_density(double t) { return std::exp(-t * t / 2) / std::sqrt(2 * M_PI); }

/// Adds what one image loses to one competitor per variance of each layer.
void add_loss(const LogitSpread& spread, std::int64_t image, std::size_t label, std::size_t other,
              std::span<const double> sigma_w, std::vector<double>& loss) {
  const float* z = spread.logits.data() + image * spread.classes;
  const double margin = double{z[label]} - z[other];
  std::vector<double> a(sigma_w.size());
  double variance = 0;
  for (std::size_t l = 0; l < a.size(); ++l) {
    const float* A = spread.of(image, l);
    a[l] =
        double{A[packed(label, label)]} + A[packed(other, other)] - 2.0 * A[packed(label, other)];
    variance += sigma_w[l] * sigma_w[l] * a[l];
  }
  if (variance <= 0) return;
  const double t = margin / std::sqrt(variance);
  const double per_variance = normal_density(t) * t / (2 * variance);
  for (std::size_t l = 0; l < a.size(); ++l) loss[l] += per_variance * a[l];
}

bool is_right_without_noise(const LogitSpread& spread, std::int64_t image, std::size_t label) {
  const float* z = spread.logits.data() + image * spread.classes;
  return std::max_element(z, z + spread.classes) - z == static_cast<std::ptrdiff_t>(label);
}

}  // namespace

double predicted_accuracy(const LogitSpread& spread, std::span<const std::int32_t> labels,
                          std::span<const double> sigma_w, std::uint64_t seed,
                          std::int64_t samples) {
  OHMIC_ASSERT(static_cast<std::int64_t>(labels.size()) == spread.images());
  OHMIC_ASSERT(sigma_w.size() == spread.layers.size());
  const auto classes = static_cast<std::size_t>(spread.classes);
  std::int64_t right = 0;
#pragma omp parallel for reduction(+ : right) schedule(static)
  for (std::int64_t i = 0; i < spread.images(); ++i) {
    std::vector<double> L = covariance(spread, i, sigma_w);
    factor(L, classes);
    std::vector<float> xi(static_cast<std::size_t>(samples) * classes);
    fill_normals(noise_key(seed, 0), {Stream::resampling, 0, kRole, static_cast<std::uint64_t>(i)},
                 0, std::span<float>(xi));
    for (std::size_t s = 0; s < static_cast<std::size_t>(samples); ++s)
      right += is_right(spread.logits.data() + i * spread.classes, L, xi.data() + s * classes,
                        classes, labels[static_cast<std::size_t>(i)]);
  }
  return static_cast<double>(right) /
         (static_cast<double>(spread.images()) * static_cast<double>(samples));
}

std::vector<double> loss_per_variance(const LogitSpread& spread,
                                      std::span<const std::int32_t> labels,
                                      std::span<const double> sigma_w) {
  OHMIC_ASSERT(static_cast<std::int64_t>(labels.size()) == spread.images());
  std::vector<double> loss(spread.layers.size(), 0.0);
  for (std::int64_t i = 0; i < spread.images(); ++i) {
    const std::size_t label = labels[static_cast<std::size_t>(i)];
    if (!is_right_without_noise(spread, i, label)) continue;
    for (std::size_t c = 0; c < static_cast<std::size_t>(spread.classes); ++c)
      if (c != label) add_loss(spread, i, label, c, sigma_w, loss);
  }
  for (double& s : loss) s /= static_cast<double>(spread.images());
  return loss;
}

std::vector<double> cheapest_shares(std::span<const double> cost, std::span<const double> loss) {
  OHMIC_ASSERT(cost.size() == loss.size() && !cost.empty());
  const double n = static_cast<double>(loss.size());
  const double floor = kLeastLoss * std::accumulate(loss.begin(), loss.end(), 0.0) / n;
  std::vector<double> ln(cost.size());
  for (std::size_t l = 0; l < ln.size(); ++l)
    ln[l] = floor > 0 ? std::log(cost[l] / std::max(loss[l], floor)) / 4 : 0.0;
  const double mean = std::accumulate(ln.begin(), ln.end(), 0.0) / n;
  for (double& v : ln) v = std::exp(v - mean);
  return ln;
}

}  // namespace ohmic
