// `ohmic bench`: what a training costs beside LibTorch's of the same network.
#pragma once

#include <vector>

#include "experiments/commands/bench_row.hpp"
#include "nn/train/trainer.hpp"

namespace ohmic {

/// One epoch, forgotten afterwards.
void train_once(const Graph&, const Dataset&, TrainSettings = {});

/// So many updates of ResNet-20 by SGD, 32 built-in images each: LibTorch's operations one by one
/// in its own layout, ours, and ours with weight noise and through a chip. What comes before the
/// first update and behind the last counts for ours.
std::vector<BenchRow> measure_training(int repetitions, int threads, int updates = 8);

}  // namespace ohmic
