// A run folder as a reader finds it: finished, under way or stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/measure/point_result.hpp"
#include "experiments/results/cost_tables.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/words.hpp"
#include "nn/train/trainer.hpp"

namespace ohmic {

/// A network that the run trains, with its learning curves so far.
struct NetworkRecord {
  std::string identity;
  const Experiment* experiment = nullptr;  ///< of the first point that uses it
  Axes axes;                               ///< network_axes
  std::vector<EpochReport> history;
};

/// Holds the points that everything else points into: moved, never copied.
struct RunRecord {
  RunRecord() = default;
  RunRecord(RunRecord&&) = default;
  RunRecord& operator=(RunRecord&&) = default;

  std::filesystem::path folder;
  std::string resolved;  ///< text of resolved.toml
  std::vector<Point> points;
  std::vector<std::optional<PointResult>> results;  ///< by point
  std::vector<std::int64_t> logged_draws;           ///< by point; of unfinished ones
  std::vector<std::optional<Price>> prices;         ///< by point; of those with a [cost]
  std::size_t found_by_axes = 0;  ///< results whose identity is not what this version computes
  std::vector<NetworkRecord> networks;                          ///< trained ones
  std::vector<std::pair<std::string, std::string>> provenance;  ///< dotted keys; empty: no file

  std::string name() const;  ///< of the folder
  std::vector<MeasuredPoint> measured() const;
  /// Measured points that have a price; they point into this record.
  std::vector<PricedPoint> priced() const;
};

/// Reads resolved.toml, points/, training/*/history.csv and provenance.json; writes nothing, so the
/// run may be going on. A point whose identity is not in points/ (another version of ohmic, images
/// or a weight file that are not here) is looked up by its axes in results.jsonl, and so is its
/// training. Throws DataError for a
/// folder that is no run folder, that of `ohmic budget` included, or has damaged files, ConfigError
/// for a damaged resolved.toml.
RunRecord read_run(const std::filesystem::path& folder);

/// Swept keys that make the network what it is, with their values as text.
Axes network_axes(const Point&);

/// provenance.json as dotted keys; empty where there is none. Throws OutputError where it is
/// damaged.
std::vector<std::pair<std::string, std::string>> read_provenance(const std::filesystem::path& run);

/// history.csv: epochs from 0; a last line that is not whole is left out.
std::vector<EpochReport> read_history(const std::filesystem::path&, std::int64_t epochs);

}  // namespace ohmic
