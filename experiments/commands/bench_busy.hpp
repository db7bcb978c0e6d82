// `ohmic bench` beside other work: what a busy processor next to the program costs it.
#pragma once

#include <vector>

#include "experiments/commands/bench_row.hpp"

namespace ohmic {

/// One epoch of training and a noisy evaluation of ResNet-20 on 200 built-in images, beside a
/// thread that keeps a processor busy, in turns with each alone; in seconds of the clock.
std::vector<BenchRow> measure_beside_busy(int repetitions, int threads);

}  // namespace ohmic
