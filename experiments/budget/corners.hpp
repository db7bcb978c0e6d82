// The worst combination of numbers that are each off by as much as they may be.
//
// To first order the metric is linear in the numbers, so that the worst combination is the corner
// that the signs of the derivatives point to, and its loss the sum of what each number loses. That
// corner is measured, and of few numbers every corner, whose worst is then found by what was
// measured. What is found is measured again on draws that the search has not seen: the worst of
// several means is biased.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/knob_effect.hpp"

namespace ohmic {

/// So many numbers have all their corners measured.
inline constexpr std::size_t kMostAllCorners = 4;

/// One number with its ends.
struct CornerAxis {
  HardwareNumber number;
  double low = 0, high = 0;
};

/// Which end each axis is at.
struct Corner {
  std::vector<bool> is_high;
  Replicates measured;  ///< on the draws of the knobs
  Estimate predicted;   ///< loss to first order
};

struct WorstCorner {
  std::vector<CornerAxis> axes;
  std::vector<Corner> corners;            ///< that were measured
  std::size_t linear = 0, worst = 0;      ///< of them: by the derivatives, and as measured
  Replicates fresh_nominal, fresh_worst;  ///< on draws that the search has not seen
};

/// The ends of a number that may be off by a share of its value; whole numbers are rounded.
CornerAxis axis_of(const HardwareNumber&, double share);
/// The experiment at a corner.
Experiment at_corner(const Experiment&, const std::vector<CornerAxis>&,
                     const std::vector<bool>& is_high);
/// Every combination of ends.
std::vector<std::vector<bool>> all_corners(std::size_t axes);

/// `effects` holds those of all axes.
WorstCorner find_worst_corner(AnalysisContext&, const Point&,
                              const std::vector<KnobEffect>& effects);

}  // namespace ohmic
