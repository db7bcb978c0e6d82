// `ohmic bench`: how fast the analog network is, as ratios to LibTorch measured in the same run.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace ohmic {

struct BenchOptions {
  std::int64_t images = 1000;
  std::vector<int> threads;  ///< one table for each; empty: one thread, then all
  int repetitions = 5;       ///< base and candidates take turns; medians are reported
};

/// One measured ratio beside its target.
struct BenchRow {
  std::string what;
  int threads = 1;
  double seconds = 0;       ///< median of the candidate
  double base_seconds = 0;  ///< median of what it is compared with
  double target = 0;        ///< largest ratio accepted
  double ratio() const { return seconds / base_seconds; }
  bool met() const { return ratio() <= target; }
};

/// Measures every row on `threads` threads.
std::vector<BenchRow> measure_network(const BenchOptions&, int threads);

/// Measures and prints the whole report. Returns 0; missing a target is no error.
int run_bench(const BenchOptions&, std::ostream& out);

}  // namespace ohmic
