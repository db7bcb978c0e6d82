// `ohmic bench` beside other work: what a busy processor next to the program costs it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ohmic {

/// One kind of work, alone and while one more thread keeps a processor busy.
struct BusyRow {
  std::string what;
  int threads = 1;
  double alone_s = 0, busy_s = 0;       ///< medians, seconds of the clock
  static constexpr double kTarget = 3;  ///< two processors share three threads: 1.5 to 2 is fair
  double value() const { return busy_s / alone_s; }
  bool met() const { return value() <= kTarget; }
};

/// One epoch of training and a noisy evaluation of ResNet-20 on `images` built-in images, each in
/// turns alone and beside the busy processor.
std::vector<BusyRow> measure_beside_busy(std::int64_t images, int repetitions, int threads);

}  // namespace ohmic
