// `ohmic bench`: how fast the analog network is, as ratios to LibTorch measured in the same run.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "experiments/commands/bench_row.hpp"

namespace ohmic {

/// Of images, weights and chips.
inline constexpr std::uint64_t kBenchSeed = 1;

struct LoweredNetwork;

struct BenchOptions {
  std::string model;  ///< file of a network; empty: ResNet-20
  std::int64_t images = 1000;
  std::vector<int> threads;  ///< tables for each; empty: one thread, then all
  int repetitions = 6;       ///< turns at least
  bool as_json = false, as_csv = false;
};

/// Measures every row on `threads` threads.
std::vector<BenchRow> measure_network(const BenchOptions&, int threads);

/// That of options.model; reads its file once.
std::shared_ptr<const LoweredNetwork> network_of(const BenchOptions&);
/// The same of the network in options.model, on samples of normal numbers, without targets. Throws
/// what load_network() does.
std::vector<BenchRow> measure_model(const BenchOptions&, int threads);

/// Measures and prints everything, for each number of threads when it is finished; what is no row
/// of the table goes to `head`. Missing a target is no error.
void run_bench(const BenchOptions&, std::ostream& out, std::ostream& head);

}  // namespace ohmic
