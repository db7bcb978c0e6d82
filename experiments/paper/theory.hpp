// theory.csv of a run: what was measured during each training (train.measure, equations 1 to 3 of
// the paper) beside the noise resistance that came of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/results/groups.hpp"

namespace ohmic {

/// One row per group whose training wrote theory.csv, in the order given; empty without any. Swept
/// keys but eta, then epoch (of the last measurement, from 0), learning_rate, C, squared_gradient,
/// noise_power and noise_scale there, mean_noise_power (over all measured epochs), weight_norm (of
/// all kernels together), dead_filters, largest_gain (of any BatchNorm), baseline, average,
/// average_lo, average_hi (A_avr as a fraction). A number that does not exist is empty.
/// `run` is the run's folder.
std::string theory_csv(const std::vector<Group>&, const std::filesystem::path& run);

}  // namespace ohmic
