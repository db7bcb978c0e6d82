// What is known of a run's networks, in its folder: plausibility/, one file per network and images.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/measure/measured_point.hpp"
#include "experiments/study/experiment.hpp"
#include "nn/torch/plausibility.hpp"

namespace ohmic {

/// Replaces what was kept for what the experiment says up to Stage::network.
/// `examined` identifies the weights and images that the facts are of. Throws OutputError.
void keep_plausibility(const std::filesystem::path& run_folder, const Experiment&,
                       const Plausibility&, const std::string& examined);
/// None in a folder of an earlier version, and where they are not of `examined` (empty: of
/// whatever). Throws DataError for a file that is damaged.
std::optional<Plausibility> kept_plausibility(const std::filesystem::path& run_folder,
                                              const Experiment&, const std::string& examined = "");

/// doubts_of the networks of these points as sentences that begin with the network, each once. A
/// network of which nothing is kept is judged by its baseline alone.
std::vector<std::string> doubts_of(const std::filesystem::path& run_folder,
                                   const std::vector<MeasuredPoint>&);

}  // namespace ohmic
