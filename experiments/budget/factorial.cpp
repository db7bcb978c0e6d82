#include "experiments/budget/factorial.hpp"

#include <bit>
#include <cmath>

namespace ohmic {
namespace {

Combination all_on(int sources) { return (Combination{1} << sources) - 1; }
Combination only(int source) { return Combination{1} << source; }
bool has(Combination c, int source) { return (c & only(source)) != 0; }

/// Whether an even number of sources is off.
bool is_in_half(Combination c, int sources) { return std::popcount(all_on(sources) & ~c) % 2 == 0; }

/// s! (k - s - 1)! / k!
double shapley_weight(int others_on, int sources) {
  return std::exp(std::lgamma(others_on + 1) + std::lgamma(sources - others_on) -
                  std::lgamma(sources + 1));
}

Contrast shapley(int source, int sources) {
  Contrast contrast;
  for (Combination c = 0; c <= all_on(sources); ++c) {
    const int others = std::popcount(c & ~only(source));
    contrast[c] = (has(c, source) ? -1 : 1) * shapley_weight(others, sources);
  }
  return contrast;
}

Contrast main_effect(int source, int sources) {
  Contrast contrast;
  const double each = 1.0 / std::pow(2.0, sources - 2);
  for (Combination c = 0; c <= all_on(sources); ++c)
    if (is_in_half(c, sources)) contrast[c] = has(c, source) ? -each : each;
  return contrast;
}

}  // namespace

std::vector<Combination> combinations(Design design, int sources) {
  const Combination all = all_on(sources);
  std::vector<Combination> measured;
  for (Combination c = 0; c <= all; ++c) {
    const int on = std::popcount(c);
    const bool at_most_one_differs = on <= 1 || on >= sources - 1;
    if (design == Design::full || c == 0 || c == all ||
        (design == Design::half ? is_in_half(c, sources) : at_most_one_differs))
      measured.push_back(c);
  }
  return measured;
}

Contrast total_loss(int sources) { return {{0, 1.0}, {all_on(sources), -1.0}}; }

Contrast loss_alone(int source) { return {{0, 1.0}, {only(source), -1.0}}; }

Contrast loss_last(int source, int sources) {
  return {{all_on(sources) & ~only(source), 1.0}, {all_on(sources), -1.0}};
}

Contrast loss_share(Design design, int source, int sources) {
  if (sources == 1) return total_loss(1);
  return design == Design::half ? main_effect(source, sources) : shapley(source, sources);
}

Contrast interaction(int source, int other, int sources) {
  Contrast contrast;
  const double each = 1.0 / std::pow(2.0, sources - 2);
  for (Combination c = 0; c <= all_on(sources); ++c)
    contrast[c] = has(c, source) == has(c, other) ? -each : each;
  return contrast;
}

Estimate contrast_estimate(const Contrast& contrast,
                           const std::map<Combination, Replicates>& measured, double confidence) {
  Replicates effect;
  for (const auto& [combination, weight] : contrast) {
    const auto found = measured.find(combination);
    if (found == measured.end()) return {};
    const Replicates& r = found->second;
    effect.quantum += std::abs(weight) * r.quantum;
    if (effect.values.empty()) {
      effect.weights = r.weights;
      effect.values.assign(r.values.size(), std::vector<double>(r.weights.size(), 0.0));
    }
    for (std::size_t d = 0; d < r.values.size(); ++d)
      for (std::size_t j = 0; j < r.weights.size(); ++j)
        effect.values[d][j] += weight * r.values[d][j];
  }
  return mean_estimate(effect, confidence);
}

}  // namespace ohmic
