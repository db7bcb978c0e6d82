// The share of chips that are worse than a limit, where it is too small to count them among plain
// draws: multilevel splitting (Au and Beck, Prob. Eng. Mech. 16, 263, 2001, as subset simulation;
// Cerou, Del Moral, Furon and Guyader, Stat. Comput. 22, 795, 2012).
//
// A population of plain chips is thinned level by level: those beyond the level are copied in the
// place of the others, then every one of them walks through all chips beyond the level by moves
// that leave their law as it is (simulator/random/mixed_draw.hpp), refused where they lead back.
// With the share f_k of the population that is beyond level k, the product of all f_k has the share
// beyond the last level as its expectation, exactly, for any population and any number of moves, as
// long as levels and moves do not depend on it: a pilot population, not counted, finds them. What
// few moves cost is a larger spread, and the spread is seen: independent repetitions give the
// interval (docs/decisions/030-rare-chips.md).
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "experiments/statistics/estimate.hpp"
#include "simulator/random/mixed_draw.hpp"

namespace ohmic {

/// Draws of plain chips are below.
inline constexpr std::uint64_t kPlainDraws = std::uint64_t{1} << 60;

struct SplittingSettings {
  std::uint64_t seed = 0;
  std::uint64_t first_draw = 0;  ///< of the plain chips
  std::int64_t chips = 100;      ///< of a population
  std::int64_t moves = 3;        ///< of each, at every level
  std::int64_t repetitions = 10;
  double smallest = 1e-6;  ///< no levels are looked for below this share
};

/// A level: chips whose badness is above it stay.
struct SplittingLevel {
  double above = -std::numeric_limits<double>::infinity();
  double kept = 0;  ///< of a chip's noise at every move there
};

/// A population beyond a level, after its moves.
struct SplittingStage {
  double above = -std::numeric_limits<double>::infinity();
  double share = 1;                   ///< of all chips, estimated; 0: no chip got there
  std::vector<double> badness = {};   ///< of its chips; none where the share is 0
  double accepted = Estimate::kNone;  ///< of the moves
};

/// From plain chips to the last level.
struct Splitting {
  std::vector<SplittingStage> stages;

  /// Unbiased for any value that was chosen without looking at the population.
  double share_above(double value) const;
};

struct SplittingAnswer {
  std::vector<SplittingLevel> levels;
  std::vector<Splitting> repetitions;
  std::int64_t evaluations = 0;  ///< of chips, those of the pilot too

  /// Mean over R repetitions, times exp(+-t sqrt(v/R + v^2/(2 (R - 1)))), v the variance of the
  /// shares' logarithms and t Student's: the width that Cox gives the mean of a lognormal
  /// distribution (Zhou and Gao, Stat. Med. 16, 783, 1997; with t Olsson, J. Stat. Educ. 13, 1,
  /// 2005), which products of many fractions come near to. Means are skewed: an interval from their
  /// variance alone is too low too often. The upper end is NaN where no repetition saw such a chip.
  Estimate share_above(double value, double confidence) const;
  /// Variance between the repetitions' shares, over what it were if chips had forgotten where they
  /// were copied from: 1 or little more where moves suffice. NaN without a share.
  double excess(double value) const;
  /// Share of the moves beyond level number `level`, from 1 on, that were accepted, on average of
  /// the repetitions that got there; NaN where none did.
  double accepted_at(std::size_t level) const;
  /// The least of all levels; NaN without any.
  double least_accepted() const;
  /// Repetitions without any chip above the value.
  std::int64_t without(double value) const;
};

/// About how many levels there are from all chips to the smallest share.
std::int64_t most_levels(const SplittingSettings&);
/// About how many chips are evaluated where the limit is no nearer than that.
std::int64_t most_evaluations(const SplittingSettings&);

/// How bad the chip of a path is; called once for each chip, repetition after repetition (0: the
/// pilot), always with the same paths as long as it gives the same numbers.
using Badness = std::function<double(std::int64_t repetition, const NoisePath&)>;

/// Splits down to where `limit` can be counted. Each repetition has `chips` plain draws of its own,
/// from first_draw on, the pilot the first of them. Throws what `badness` throws.
SplittingAnswer split(const SplittingSettings&, double limit, const Badness& badness);

/// Plain draws that would give a share's logarithm an interval as narrow; NaN without one.
double plain_draws_for(const Estimate& share, double confidence);

}  // namespace ohmic
