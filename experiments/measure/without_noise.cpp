#include "experiments/measure/without_noise.hpp"

#include <fmt/format.h>

namespace ohmic {
namespace {

/// What scores without noise depend on besides the network.
std::string hardware_key(const Experiment& e) {
  const Value resolved = e.resolved();
  return fmt::format("{} {} {} {} {} {} {} {}", resolved.at("mapping")->text(),
                     resolved.at("periphery")->text(), resolved.at("noise")->text(),
                     e.conductance_ranges(), e.seed, e.evaluation.calibration_images,
                     e.evaluation.batch_norm_images.value_or(0),
                     static_cast<int>(e.evaluation.batch_norm_statistics));
}

template <class Scores, class Score>
double score_once(Scores& scores, const typename Scores::key_type& key, const Score& score) {
  const auto present = scores.find(key);
  return present != scores.end() ? present->second : scores.emplace(key, score()).first->second;
}

}  // namespace

void WithoutNoise::measure(PointChip& chip, const TrainedNetwork& network, const Experiment& e,
                           PointResult& result) {
  result.images = chip.images();
  result.metric = &network.measure.metric();
  result.answers = chip.answers();
  result.baseline_score = score_once(baselines_, &network, [&] { return chip.baseline_score(); });
  result.noise_free_score =
      score_once(noise_free_, {&network, hardware_key(e)}, [&] { return chip.noise_free_score(); });
}

}  // namespace ohmic
