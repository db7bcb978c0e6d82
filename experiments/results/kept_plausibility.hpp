// What is known of a run's networks, in its folder: plausibility/, one file per network and images.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/experiment.hpp"
#include "experiments/results/tables.hpp"
#include "nn/torch/plausibility.hpp"

namespace ohmic {

/// Replaces what was kept for the experiment's seed and tables [data], [model] and [train]. Throws
/// OutputError.
void keep_plausibility(const std::filesystem::path& run_folder, const Experiment&,
                       const Plausibility&);
/// None in a folder of an earlier version. Throws OutputError for a file that is damaged.
std::optional<Plausibility> kept_plausibility(const std::filesystem::path& run_folder,
                                              const Experiment&);

/// doubts_of the networks of these points as sentences that begin with the network, each once. A
/// network of which nothing is kept is judged by its baseline alone.
std::vector<std::string> doubts_of(const std::filesystem::path& run_folder,
                                   const std::vector<MeasuredPoint>&);

}  // namespace ohmic
