#include "experiments/measure/stopping.hpp"

#include <algorithm>

namespace ohmic {
namespace {

constexpr std::int64_t kFewestDraws = 10;

bool narrow_enough(const EvaluationSettings& settings, Replicates replicates, std::int64_t draws) {
  replicates.values.resize(static_cast<std::size_t>(draws));
  return mean_estimate(replicates, settings.confidence).half_width() <= settings.stop->half_width;
}

}  // namespace

EvaluationSettings looks_from(std::int64_t draws, std::int64_t max_draws) {
  EvaluationSettings looks;
  looks.draws = draws;
  looks.stop = StopRule{};
  looks.stop->max_draws = max_draws;
  return looks;
}

std::int64_t first_look(const EvaluationSettings& settings) {
  if (!settings.stop) return settings.draws;
  return std::min(std::max(settings.draws, kFewestDraws), settings.stop->max_draws);
}

std::int64_t next_look(const EvaluationSettings& settings, std::int64_t draws) {
  return settings.stop ? std::min(draws + (draws + 1) / 2, settings.stop->max_draws) : draws;
}

std::int64_t draws_missing(const EvaluationSettings& settings, const Replicates& replicates) {
  std::int64_t look = first_look(settings);
  while (look <= replicates.count()) {
    if (!settings.stop || look >= settings.stop->max_draws) return 0;
    if (narrow_enough(settings, replicates, look)) return 0;
    look = next_look(settings, look);
  }
  return look - replicates.count();
}

}  // namespace ohmic
