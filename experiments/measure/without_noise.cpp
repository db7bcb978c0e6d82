#include "experiments/measure/without_noise.hpp"

namespace ohmic {
namespace {

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
  result.noise_free_score = score_once(noise_free_, {&network, e.part(Stage::exact).text()},
                                       [&] { return chip.noise_free_score(); });
}

}  // namespace ohmic
