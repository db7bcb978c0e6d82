// [budget.knobs]: what to fight for. Derivatives of the metric with respect to the numbers of the
// hardware, by central differences (one-sided at the edge of what a key takes) over draws that all
// configurations share; and the worst corner of the tolerances that are given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/corners.hpp"
#include "experiments/budget/knob_effect.hpp"

namespace ohmic {

struct KnobStudy {
  const Point* point = nullptr;
  PointResult nominal;  ///< as the file says
  /// The largest change first; those that are not told from 0 behind all others.
  std::vector<KnobEffect> effects;
  std::vector<LeftOut> left_out;
  std::optional<WorstCorner> corner;  ///< absent: no tolerances were given
};

/// Appends what is wrong with the request, before anything is computed.
void check_knobs(const BudgetRequest&, std::vector<Fault>&);
/// Of every point.
std::vector<KnobStudy> study_knobs(AnalysisContext&);

}  // namespace ohmic
