#include "experiments/run/without_noise.hpp"

#include <fmt/format.h>

namespace ohmic {
namespace {

/// What the right answers without noise depend on besides the network.
std::string hardware_key(const Experiment& e) {
  const Value resolved = e.resolved();
  return fmt::format("{} {} {} {} {} {} {} {}", resolved.at("mapping")->text(),
                     resolved.at("periphery")->text(), resolved.at("noise")->text(),
                     e.conductance_ranges(), e.seed, e.evaluation.calibration_images,
                     e.evaluation.batch_norm_images.value_or(0),
                     static_cast<int>(e.evaluation.batch_norm_statistics));
}

template <class Counts, class Count>
std::int64_t count_once(Counts& counts, const typename Counts::key_type& key, const Count& count) {
  const auto present = counts.find(key);
  return present != counts.end() ? present->second : counts.emplace(key, count()).first->second;
}

}  // namespace

void WithoutNoise::measure(Chip& chip, const TrainedNetwork& network, const Experiment& e,
                           PointResult& result) {
  result.images = chip.images();
  result.baseline_correct =
      count_once(baselines_, &network, [&] { return chip.baseline_correct(); });
  result.noise_free_correct = count_once(noise_free_, {&network, hardware_key(e)},
                                         [&] { return chip.noise_free_correct(); });
}

}  // namespace ohmic
