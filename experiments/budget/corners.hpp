// The worst combination of numbers that are each off by as much as they may be.
//
// To first order the metric is linear in the numbers, so that the worst combination is the corner
// that the signs of the derivatives point to, and its loss the sum of what each number loses. Of
// few numbers every corner is measured. Of more a search begins at that corner, measures all that
// differ from it in one number, goes on from the worst of these where it is worse, and ends where
// none is: a corner that no single number makes worse, which two at once still may. Corners that no
// hardware can have are passed by.
//
// The worst of several means fits its draws. Of the corner that is found only those ends stay of
// which a paired interval says that the other end is better (the intervals of all ends together
// have the confidence); the others are put to where first order has them. That corner and the one
// to first order are measured on draws that the search has not seen, and the worse is the answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/knob_effect.hpp"

namespace ohmic {

/// So many numbers at most have all their corners measured.
inline constexpr std::size_t kMostAllCorners = 4;

/// Which end each number is at: whether the upper one.
using CornerEnds = std::vector<bool>;

/// One number with its ends.
struct CornerAxis {
  HardwareNumber number;
  double low = 0, high = 0;
};

struct Corner {
  CornerEnds is_high;
  Replicates measured;  ///< on the draws of the knobs
  Estimate predicted;   ///< loss to first order
};

/// The corners that a search measured, in this order.
struct CornerPath {
  std::vector<CornerEnds> measured;
  std::vector<std::size_t> steps;  ///< of them, from the first to the worst, each worse than before
  bool is_finished = true;         ///< no neighbour of the worst is worse, and all were measured
  std::size_t impossible = 0;      ///< corners that were passed by
};

/// From `first` to the worst corner that differs in one number, and on from there, as long as that
/// is worse; no more than `most` are measured, each once. What is no number is as bad as can be,
/// and a corner without any badness cannot be; the first one must be possible.
CornerPath search_corners(const CornerEnds& first, std::size_t most,
                          const std::function<std::optional<double>(const CornerEnds&)>& badness);

/// A corner on draws that the search has not seen.
struct FreshCorner {
  CornerEnds is_high;
  Replicates measured;
  std::vector<bool> is_told;  ///< of each number: whether anything says which of its ends is worse
};

struct WorstCorner {
  std::vector<CornerAxis> axes;
  std::vector<Corner> corners;        ///< that were measured
  std::size_t linear = 0, worst = 0;  ///< of them: by the derivatives, and as measured
  std::vector<std::size_t> steps;     ///< CornerPath::steps; empty where all were measured
  bool is_finished = true;            ///< CornerPath::is_finished
  std::size_t impossible = 0;         ///< CornerPath::impossible
  Replicates fresh_nominal;           ///< on draws that the search has not seen
  /// The worse first: the worst one as far as its ends are told, and the one to first order; one
  /// where both are the same.
  std::vector<FreshCorner> fresh;

  const CornerEnds& linear_ends() const { return corners[linear].is_high; }
};

/// The ends of a number that may be off by a share of its value; whole numbers are rounded.
CornerAxis axis_of(const HardwareNumber&, double share);
/// The experiment at a corner.
Experiment at_corner(const Experiment&, const std::vector<CornerAxis>&, const CornerEnds&);
/// "device.eta 0.22, periphery.adc.bits 5".
std::string corner_text(const std::vector<CornerAxis>&, const CornerEnds&);
/// Why a corner cannot be, by what was refused.
std::string impossible_text(const std::vector<CornerAxis>&, const CornerEnds&, const ConfigError&);
/// Every combination of ends.
std::vector<CornerEnds> all_corners(std::size_t axes);

/// `effects` holds those of all axes. Throws ConfigError where the corner to first order cannot be.
WorstCorner find_worst_corner(AnalysisContext&, const Point&,
                              const std::vector<KnobEffect>& effects);

}  // namespace ohmic
