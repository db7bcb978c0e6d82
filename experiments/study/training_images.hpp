// What an experiment needs its training images for, and whether they are its test images.
#pragma once

#include <string>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Whether evaluation.calibration_images are looked at.
bool calibrates(const Experiment&);

/// "training (no model.weights are given), evaluation.batch_norm_images"; empty: nothing, but for
/// the normalisation.
std::string use_of_training_images(const Experiment&);

/// A file or folder, by content or by place, that both data.train and data.test name for the same
/// samples, where nothing else reads data.train (what was read is compared image by image, see
/// Plausibility::known); empty: none.
std::string file_of_both_sets(const Experiment&);

}  // namespace ohmic
