// The values of a knob that a search may try, from the mildest to the harshest.
#pragma once

#include <vector>

#include "experiments/budget/settings.hpp"

namespace ohmic {

struct Grid {
  std::vector<double> values;  ///< two at least, mildest first
  bool is_whole = false;       ///< whole numbers

  Value value(std::size_t index) const;
  /// Between two values, on the knob's scale.
  double between(double index, KnobScale) const;
};

/// Reals to four digits, evenly spaced on the scale; whole numbers on a linear scale are all there.
/// Needs 0 < lowest < highest on a log scale, lowest < highest on a linear one.
Grid make_grid(const FindSettings&, bool is_whole);

}  // namespace ohmic
