// When to stop drawing. Looks happen after a fixed schedule of draws, so that the answer does not
// depend on how often a run was interrupted.
#pragma once

#include <cstdint>

#include "experiments/statistics/estimate.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Looks of a search, whose `draws` and `max_draws` take the place of those of a run.
EvaluationSettings looks_from(std::int64_t draws, std::int64_t max_draws);

/// Draws at the first look: evaluation.draws, at least 10 with a stop rule, because the spread of a
/// few draws would often look narrower than it is.
std::int64_t first_look(const EvaluationSettings&);
/// Draws at the look after `draws`: half as many again, at most stop.max_draws.
std::int64_t next_look(const EvaluationSettings&, std::int64_t draws);

/// How many draws the point needs beyond `replicates`: 0 when it is finished. Only the first looks'
/// worth of replicates decide, so what a look sees is what it would have seen without a stop.
std::int64_t draws_missing(const EvaluationSettings&, const Replicates& replicates);

}  // namespace ohmic
