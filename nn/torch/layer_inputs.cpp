#include "nn/torch/layer_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ohmic {
namespace {

constexpr std::int64_t kFewest = 8;  ///< samples whose spread says something
constexpr double kSize = 1.25, kShift = 0.35;
constexpr double kErrorsOfSize = 4, kChances = 9;

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

void LayerInputs::add(const float* x, std::int64_t samples, std::int64_t positions,
                      std::int64_t channels) {
  const auto width = static_cast<std::size_t>(channels);
  for (std::vector<double>* sums : {&means_, &squares_of_means_, &squares_}) sums->resize(width);
  std::vector<double> mean(width);
  for (std::int64_t i = 0; i < samples; ++i) {
    std::fill(mean.begin(), mean.end(), 0.0);
    double size = 0;
    for (std::int64_t p = 0; p < positions; ++p)
      for (std::size_t c = 0; c < width; ++c) {
        const double value = *x++, square = value * value / static_cast<double>(positions);
        mean[c] += value / static_cast<double>(positions);
        squares_[c] += square;
        size += square / static_cast<double>(channels);
      }
    for (std::size_t c = 0; c < width; ++c) {
      means_[c] += mean[c];
      squares_of_means_[c] += mean[c] * mean[c];
    }
    sizes_.push_back(size);
  }
}

double LayerInputs::mean_size() const { return sum(sizes_) / static_cast<double>(samples()); }

/// Squared, of the mean size.
double LayerInputs::relative_error_of_size() const {
  const auto n = static_cast<double>(samples());
  const double mean = mean_size();
  double squares = 0;
  for (const double size : sizes_) squares += (size - mean) * (size - mean);
  return squares / (n * (n - 1) * mean * mean);
}

/// What the finite number of samples adds to a squared distance of means.
double LayerInputs::chance() const {
  const auto n = static_cast<double>(samples());
  double variance = 0;
  for (std::size_t c = 0; c < means_.size(); ++c)
    variance += squares_of_means_[c] - means_[c] * means_[c] / n;
  return variance / (n * (n - 1));
}

/// Variance of the inputs, summed over channels.
double LayerInputs::spread() const {
  const auto n = static_cast<double>(samples());
  double variance = 0;
  for (std::size_t c = 0; c < means_.size(); ++c)
    variance += squares_[c] / n - means_[c] * means_[c] / (n * n);
  return variance;
}

/// Squared distance of the means, summed over channels.
double LayerInputs::apart(const LayerInputs& other) const {
  const auto n = static_cast<double>(samples()), m = static_cast<double>(other.samples());
  double squares = 0;
  for (std::size_t c = 0; c < means_.size(); ++c)
    squares += std::pow(means_[c] / n - other.means_[c] / m, 2);
  return squares;
}

LayerDistance LayerInputs::distance_from(const LayerInputs& other) const {
  LayerDistance d;
  d.size = std::sqrt(mean_size() / other.mean_size());
  const double beyond = apart(other) - chance() - other.chance();
  d.shift = std::sqrt(std::max(0.0, beyond) / other.spread());
  return d;
}

bool LayerInputs::is_unlike(const LayerInputs& other) const {
  if (samples() < kFewest || other.samples() < kFewest) return false;
  if (!std::isfinite(other.mean_size()) || other.spread() <= 0) return false;
  if (!std::isfinite(mean_size())) return true;
  const LayerDistance d = distance_from(other);
  const double error =
      std::sqrt(relative_error_of_size() + other.relative_error_of_size()) / 2;  // of ln size
  if (std::abs(std::log(d.size)) > std::log(kSize) + kErrorsOfSize * error) return true;
  return d.shift > kShift && apart(other) > kChances * (chance() + other.chance());
}

}  // namespace ohmic
