#include "experiments/measure/drawing.hpp"

#include "experiments/measure/stopping.hpp"

namespace ohmic {

void draw_until_known(PointChip& chip, const EvaluationSettings& settings, const DrawEvents& events,
                      PointResult& result) {
  while (const std::int64_t missing = draws_missing(settings, result.replicates())) {
    const auto draw = static_cast<std::int64_t>(result.draws.size());
    events.begin(draw, draw + missing);
    result.draws.push_back(chip.measure(draw));
    events.done(draw, result.draws.back());
  }
}

}  // namespace ohmic
