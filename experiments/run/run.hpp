// `ohmic run`: everything an experiment file names. A run folder holds
//   resolved.toml      every key with its value
//   provenance.json    program, compiler, libraries, processor, hashes of data and weights, date
//   results.csv|jsonl  one row per point, in the order of the sweep
//   layers.csv         noise of every layer in every unit, and as measured
//   cost.csv           energy, latency and area of every layer, where there is [cost]
//   points/            one file per finished point, a log of draws per unfinished one
//   training/          one folder per trained network
//   figures/           A_x against eta, accuracy against energy, SVG and PNG
//   lock               held while a process works here
// A point is found again by its identity, so that a run that was killed, or whose file has changed,
// computes only what is not there.
#pragma once

#include <filesystem>
#include <string>

#include "simulator/config/value.hpp"

namespace ohmic {

struct RunOptions {
  std::filesystem::path folder;  ///< empty: output.dir of the experiment
};

/// What a run ends in.
struct RunOutcome {
  std::filesystem::path folder;
  std::size_t points = 0;
  std::size_t computed = 0;  ///< points that were not there before
  std::string summary;       ///< table for a terminal: A_x per eta, A_avr, published numbers
};

/// Runs the file `root` (with overrides applied), progress on stderr. Throws ConfigError,
/// DataError, UnsupportedError or OutputError; whatever was finished stays.
RunOutcome run_experiment(const Value& root, const RunOptions&);

}  // namespace ohmic
