// `ohmic bench`: how fast the analog network is, as ratios to LibTorch measured in the same run.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace ohmic {

struct LoweredNetwork;

struct BenchOptions {
  std::string model;  ///< file of a network; empty: ResNet-20
  std::int64_t images = 1000;
  std::vector<int> threads;  ///< one table for each; empty: one thread, then all
  int repetitions = 5;       ///< base and candidates take turns; medians are reported
};

/// One measurement beside its target.
struct BenchRow {
  std::string what;
  int threads = 1;
  double seconds = 0;       ///< median of the candidate
  double base_seconds = 0;  ///< median of what it is compared with; 0: with nothing
  double target = 0;        ///< largest value() accepted; 0: none was set
  bool runs = true;         ///< false: not in this processor's hardware
  /// Ratio to the base, or the seconds themselves where there is none.
  double value() const { return base_seconds > 0 ? seconds / base_seconds : seconds; }
  bool met() const { return value() <= target; }
};

/// Measures every row on `threads` threads: on one, in seconds of that thread's processor time,
/// which other work on the machine disturbs least; on more, in seconds of the clock. Targets in
/// seconds are those of two threads or more.
std::vector<BenchRow> measure_network(const BenchOptions&, int threads);

/// That of options.model; reads its file once.
std::shared_ptr<const LoweredNetwork> network_of(const BenchOptions&);
/// The same of the network in options.model, on samples of normal numbers. Throws what
/// load_network() does.
std::vector<BenchRow> measure_model(const BenchOptions&, int threads);

/// Measures and prints the whole report. Returns 0; missing a target is no error.
int run_bench(const BenchOptions&, std::ostream& out);

}  // namespace ohmic
