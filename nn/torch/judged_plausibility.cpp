// What is said of what was seen of a network and its samples.
#include <algorithm>
#include <cmath>

#include "nn/torch/plausibility.hpp"

namespace ohmic {
namespace {

/// Upper end of Wilson's interval for a share, at z standard deviations.
double at_most(std::int64_t successes, std::int64_t trials, double z) {
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  return (p + z * z / (2 * n) + z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n))) /
         (1 + z * z / n);
}

}  // namespace

bool lacks_classes(const Plausibility& p) {
  if (p.labels == 0) return false;
  const double missing = p.classes - p.labels;
  const double by_chance = p.classes * std::pow(1 - 1.0 / p.classes, static_cast<double>(p.tested));
  return missing > std::max(0.1 * p.classes, by_chance + 4 * std::sqrt(by_chance));
}

bool is_near_chance(const Plausibility& p) {
  return p.classes > 0 && is_near_guessing(p.accuracy(), 1.0 / p.classes);
}

bool is_near_guessing(double share, double guessed) {
  return share < std::min(2 * guessed, guessed + 0.1 * (1 - guessed));
}

bool is_too_sure(const Plausibility& p) {
  return p.confidence - at_most(p.correct, p.images, 3) > 0.2;
}

bool is_misled(const Plausibility& p) {
  constexpr double kFair = 0.9, kSurer = 0.1;
  constexpr std::int64_t kEnough = 50;
  return p.foreign && p.classes > 1 && p.images >= kEnough && p.accuracy() < kFair &&
         p.confidence - p.accuracy() > kSurer && p.loss > std::log(p.classes);
}

bool is_unscaled(const Plausibility& p) {
  return p.loss_scaled && *p.loss_scaled < std::min(p.loss, std::log(p.classes)) / 2;
}

}  // namespace ohmic
