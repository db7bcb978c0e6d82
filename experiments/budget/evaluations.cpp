#include "experiments/budget/evaluations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/measure/files.hpp"

namespace ohmic {

Experiment on_fresh_draws(Experiment experiment) {
  experiment.evaluation.first_draw += kFreshDraws;
  return experiment;
}

Evaluations::Evaluations(const std::filesystem::path& run_folder, Networks& networks,
                         Progress& progress)
    : store_(run_folder / "evaluations"), networks_(networks), progress_(progress) {
  make_own_folder(run_folder / "evaluations");
}

PointResult Evaluations::measure(const Experiment& experiment, std::int64_t draws,
                                 const std::string& label) {
  const std::string identity = experiment.identity(Stage::draw);
  PointResult& result = known(experiment, identity);
  const auto have = static_cast<std::int64_t>(result.draws.size());
  if (have < draws) {
    PointChip& chip = chip_of(experiment, identity);
    progress_.begin(label);
    for (std::int64_t d = have; d < draws; ++d, ++new_draws_) {
      result.draws.push_back(chip.measure(d));
      store_.log_draw(identity, *result.metric, d, result.draws.back());
      progress_.update(static_cast<double>(d + 1) / static_cast<double>(draws),
                       fmt::format("draw {}/{}", d + 1, draws));
    }
  }
  PointResult asked = result;
  asked.draws.resize(static_cast<std::size_t>(draws));
  return asked;
}

PointResult& Evaluations::known(const Experiment& experiment, const std::string& identity) {
  const auto present = known_.find(identity);
  if (present != known_.end()) return present->second;
  auto stored = store_.find(identity);
  if (stored)
    stored->draws = store_.logged_draws(identity);
  else
    store_.publish(*(stored = without_draws(experiment, identity)));
  take_warnings(*stored);
  return known_.emplace(identity, std::move(*stored)).first->second;
}

PointResult Evaluations::without_draws(const Experiment& experiment, const std::string& identity) {
  PointResult result;
  result.identity = identity;
  const bool whole = experiment.evaluation.estimator == Estimator::per_draw;
  result.batch = whole ? 0 : experiment.evaluation.batch;
  PointChip& chip = chip_of(experiment, identity);
  without_noise_.measure(chip, networks_.get(experiment), experiment, result);
  result.layers = chip.layers();
  result.warnings = chip.warnings();
  return result;
}

void Evaluations::take_warnings(const PointResult& result) {
  for (const std::string& warning : result.warnings) {
    if (std::ranges::find(warnings_, warning) != warnings_.end()) continue;
    warnings_.push_back(warning);
    progress_.say("warning: " + warning);
  }
}

PointChip& Evaluations::chip_of(const Experiment& experiment, const std::string& identity) {
  if (chip_ && chip_identity_ == identity) return *chip_;
  chip_ = std::make_unique<PointChip>(experiment, networks_.get(experiment), calibrations_);
  chip_identity_ = identity;
  return *chip_;
}

}  // namespace ohmic
