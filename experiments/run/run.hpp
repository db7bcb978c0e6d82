// `ohmic run`: everything an experiment file names. A run folder holds
//   resolved.toml      every key with its value
//   written_for.txt    which file it is of, as seen from the folder
//   provenance.json    program, compiler, libraries, processor, hashes of data and weights, date
//   results.csv|jsonl  one row per point, in the order of the sweep
//   layers.csv         noise of every layer in every unit, and as measured
//   cost.csv           energy, latency and area of every layer, where there is [cost]
//   points/            one file per finished point, a log of draws per unfinished one
//   training/          one folder per trained network
//   plausibility/      what speaks for and against each network, one file each
//   before-*/          what --fresh set aside
//   report.html, figures/, tables/, theory.csv: see report/run_report.hpp
//   timing.jsonl       how long work took: no part of the results
//   lock               who works on what, see claims.hpp
// A point is found again by its identity, so that a run that was killed, or whose file has changed,
// computes only what is not there. Any number of processes may work on one folder: each takes the
// next point that is not finished and not taken, and trains the networks that it needs and that
// nobody else trains.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/measure/measured_point.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/measure/ranks.hpp"
#include "experiments/text/table.hpp"
#include "simulator/config/value.hpp"
#include "simulator/error.hpp"

namespace ohmic {

/// What a run that is finished hands to whoever writes more than its tables.
struct FinishedRun {
  const std::filesystem::path& folder;
  const OutputSettings& output;
  const std::vector<MeasuredPoint>& measured;  ///< all points there are, whoever measured them
  bool is_first_process = true;                ///< of those that were started together
  std::function<void(const std::string& line)> say;
};

struct RunOptions {
  std::filesystem::path folder;   ///< empty: output.dir of the experiment
  std::vector<std::string> only;  ///< see select_points
  bool fresh = false;             ///< set aside what was measured of these points
  bool fresh_training = false;    ///< and their trained networks
  Rank rank = {};
  Progress* progress = nullptr;  ///< hears of everything until the run returns; null: nobody
  /// Called when every table is written, by one process of the folder at a time.
  std::function<void(const FinishedRun&)> at_end = {};
};

/// What a run ends in.
struct RunOutcome {
  std::filesystem::path folder;
  std::size_t points = 0;    ///< of the file
  std::size_t finished = 0;  ///< of them, by whatever process; all that were chosen, but left_out
  std::size_t computed = 0;  ///< of them, here and now
  std::vector<std::string> left_out;  ///< chosen points that cannot be, each with the reason
  std::vector<std::string> doubts;    ///< what speaks against results, a sentence each
  std::string summary;  ///< for a terminal: A_x per eta, A_avr, published numbers, these doubts
};

/// Everything was computed but points whose training diverged.
class PointsLeftOut : public Error {
 public:
  using Error::Error;
};

/// The folder that the options name, or else the experiment.
std::filesystem::path run_folder(const std::vector<Point>&, const RunOptions&);

/// Runs the file `root` (with overrides applied); returns when every chosen
/// point is finished, or left out because its training diverged. Throws ConfigError, DataError,
/// UnsupportedError or OutputError; whatever was finished stays.
RunOutcome run_experiment(const Value& root, const RunOptions&);

/// What run_experiment would do.
struct Outlook {
  DataTable points;  ///< each with its state
  /// What is left, how long that takes one process where the folder knows how fast such work was,
  /// and what is worth a word.
  std::string text;
};
/// Writes nothing. Throws as run_experiment.
Outlook dry_run(const Value& root, const RunOptions&);

/// Throws ConfigError for a file that asks another command: one with [budget].
void check_is_run(const Value& root);

}  // namespace ohmic
