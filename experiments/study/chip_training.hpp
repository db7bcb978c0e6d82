// Chip in the loop (train.hardware.chip): what is trained by itself on each chip, and measured
// there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Makes the chip of train.hardware.chip that of [device], [mapping] and [periphery], and the draws
/// that are measured that one, where the file says nothing of them.
void take_chip(const Value& root, Experiment&);

/// Appends what contradicts a chip in the loop, each fault at its place.
void check_chip(const Value& root, const Experiment&, std::vector<Fault>&);

/// What is trained first where no weights are given: the same without the chip, train.only and
/// teacher. Where weights are given nothing is trained, and they are meant.
Experiment before_chip(Experiment);

/// Of train.hardware.chip = "each", the experiment of one draw.
Experiment on_chip(Experiment, std::int64_t chip);

/// Those of one network: on a chip train.hardware.chip_epochs.
std::int64_t epochs_of(const TrainSettings&);

/// Of every training that stands behind an experiment's draws.
std::vector<std::string> training_identities(const Experiment&);

/// "trained on chip 3 and measured on chips 10 to 19"; empty where it is measured on its own.
std::string other_chips_text(const Experiment&);

}  // namespace ohmic
