// One point measured: what `ohmic run` and the library do alike.
#pragma once

#include <cstdint>
#include <functional>

#include "experiments/measure/point_chip.hpp"

namespace ohmic {

/// The next draws of a point: before each its number and how many there will be at least, after
/// each what it gave.
struct DrawEvents {
  std::function<void(std::int64_t draw, std::int64_t draws)> begin;
  std::function<void(std::int64_t draw, const DrawResult&)> done;
};

/// Adds draws to those that `result` has until evaluation.draws or evaluation.stop is content.
void draw_until_known(PointChip&, const EvaluationSettings&, const DrawEvents&,
                      PointResult& result);

}  // namespace ohmic
