// Rows of `ohmic bench`: one measurement beside what it is compared with, and the table of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/statistics/estimate.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

struct BenchBase {
  std::string name;
  Estimate seconds;                 ///< median
  double target = Estimate::kNone;  ///< the largest ratio to it that is accepted
};

struct BenchRow {
  std::string what;
  int threads = 1;
  Estimate seconds = {};             ///< median; none where `note` says why
  double of_peak = Estimate::kNone;  ///< multiply-adds per second, of a large float product's
  std::optional<BenchBase> eager = {}, fastest = {};  ///< LibTorch's runs of the same network
  std::optional<BenchBase> other = {};                ///< what else this row is compared with
  std::string note = {};
  int turns = 0;

  double ratio_to(const BenchBase& base) const { return seconds.mean / base.seconds.mean; }
  bool meets(const BenchBase& base) const { return ratio_to(base) <= base.target; }
  /// The widest half of an interval of what its ratios are made of, as a fraction of the median:
  /// infinite where there were too few turns for one, 0 where nothing was measured.
  double uncertainty() const;
};

/// What every median is to be known to, as a fraction of it.
inline constexpr double kNarrow = 0.03;

/// Takes turns, `repetitions` and a first one that does not count, and goes on until `rows` are all
/// known to within kNarrow, at most to five times as many.
std::vector<BenchRow> measure_in_turns(int repetitions, const std::function<void(int)>& take_turn,
                                       const std::function<std::vector<BenchRow>()>& rows);

/// For a reader columns that say nothing are left out, and those of `threads` and `turns`.
DataTable bench_table(const std::vector<BenchRow>&);
/// Which medians are not known to within kNarrow; empty where all are.
std::string unsteady_text(const std::vector<BenchRow>&);

}  // namespace ohmic
