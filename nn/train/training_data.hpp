// What a training takes from data. Free of LibTorch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/train/trainer.hpp"

namespace ohmic {

/// Throws ConfigError where a chip in the loop (TrainingHardware::chip) would have to be written
/// again: train.only leaves kernels alone.
void check_chip_in_the_loop(const Graph&, const TrainSettings&);

/// Throws DataError where the network cannot be trained here, or data do not fit it or what is
/// asked of them, and what check_chip_in_the_loop() does.
void check_training_data(const Graph&, const Dataset&, const TrainSettings&);

/// Normalised, and where it is asked for augmented, samples as a Graph has them to `nhwc`, which is
/// made as large; returns their classes.
std::vector<std::int64_t> take_samples(const ImageSet&, const Normalization&,
                                       std::span<const std::int64_t> indices, const TrainSettings&,
                                       std::uint64_t seed, std::int64_t epoch,
                                       std::vector<float>& nhwc);

}  // namespace ohmic
