// Accuracy of configurations under noise, measured as a run measures its points and kept in
// evaluations/ of the run folder: one file per configuration and a log of its draws that only
// grows. What was measured is never measured again, whatever question asks for it next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/measure/costs.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/measure/point_chip.hpp"
#include "experiments/measure/point_result.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/measure/without_noise.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Number of the first draw that verifies what was found: searches use draws from 0.
inline constexpr std::int64_t kFreshDraws = 1'000'000;
/// The experiment on draws that no search uses.
Experiment on_fresh_draws(Experiment);

class Evaluations {
 public:
  /// Networks and progress must outlive it.
  Evaluations(const std::filesystem::path& run_folder, Networks&, Progress&);

  /// The first `draws` replicates of the experiment's estimator, never more: an answer does not
  /// depend on what was measured before. evaluation.draws, stop and confidence do not count.
  /// `label` names it in the progress line. Draw d has the same noise in every configuration.
  PointResult measure(const Experiment&, std::int64_t draws, const std::string& label);

  /// What a chip costs, kept for as long as this object is; null where the experiment has no
  /// [cost]. See Costs::of.
  const NetworkCost* cost(const Experiment& experiment) { return costs_.of(experiment); }

  /// Replicates measured by this object, not read from the folder.
  std::int64_t new_draws() const { return new_draws_; }
  /// What the chips of all configurations that were asked for said of themselves, each once.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  PointResult& known(const Experiment&, const std::string& identity);
  PointResult without_draws(const Experiment&, const std::string& identity);
  PointChip& chip_of(const Experiment&, const std::string& identity);
  void take_warnings(const PointResult&);

  PointStore store_;
  Networks& networks_;
  Progress& progress_;
  WithoutNoise without_noise_;
  std::map<std::string, PointResult> known_;  ///< by identity
  Calibrations calibrations_;
  Costs costs_{networks_, calibrations_};
  std::unique_ptr<PointChip> chip_;  ///< of the configuration measured last
  std::string chip_identity_;
  std::vector<std::string> warnings_;
  std::int64_t new_draws_ = 0;
};

}  // namespace ohmic
