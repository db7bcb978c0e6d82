// Which reading of the paper's noise a published number is nearest to.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/groups.hpp"

namespace ohmic {

struct ReadingResult {
  std::string reading;
  Estimate ours;
};

/// `nearest` is the reading whose mean is nearest. Readings of which that cannot be excluded, the
/// intervals of their distances overlapping the nearest's, stand in `candidates`, the nearest
/// first.
struct Verdict {
  std::size_t nearest = 0;
  std::vector<std::size_t> candidates;
  std::vector<double> distances;  ///< ours - published, by reading
};

/// Needs at least one reading; those without a number are never candidates unless all are.
Verdict judge(double published, const std::vector<ReadingResult>&);

/// One published number beside every reading of the same network.
struct VerdictRow {
  std::vector<std::pair<std::string, std::string>> axes;  ///< all but those of [noise]
  std::string quantity;                                   ///< "A_avr", "A 10 %"
  double published = 0;
  std::vector<ReadingResult> readings;
  Verdict verdict;
};

/// Rows for A_avr, where the same eta were measured, and for every single eta that was published;
/// none for networks seen under one reading only.
std::vector<VerdictRow> verdict_rows(const std::vector<Group>&);

}  // namespace ohmic
