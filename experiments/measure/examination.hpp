// Networks looked at before their noise is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/measure/networks.hpp"
#include "nn/torch/plausibility.hpp"

namespace ohmic {

/// examine() with what the experiment says of the network's weights.
Plausibility examine(const TrainedNetwork&, const Experiment&);

/// What is kept of it in a run folder, or examine(), which is then kept there: a network that was
/// examined is examined again only when its weights or images have changed.
Plausibility examine_once(const std::filesystem::path& run_folder, const TrainedNetwork&,
                          const Experiment&);

/// doubts_of a network as lines for a terminal: "warning: NAME: ...".
std::vector<std::string> spoken_doubts(const TrainedNetwork&, const Plausibility&);

/// The metric on the images that were examined, by the digital network.
double value_without_noise(const TrainedNetwork&, const Plausibility&);
/// "NAME: 91.00 % of 256 test images are answered right without noise", "NAME: mean squared error
/// 0.31 on 256 test samples without noise".
std::string without_noise_text(const TrainedNetwork&, const Experiment&, const Plausibility&);

/// Both of every distinct network whose weights are given. Weights that are not there are passed
/// over. Throws DataError for what cannot be read.
std::vector<std::string> examine_given(const std::vector<Point>&, Progress&);

}  // namespace ohmic
