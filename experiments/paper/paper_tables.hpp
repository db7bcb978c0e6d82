// What reports of runs that repeat the paper say beyond others, as tables.
#pragma once

#include <vector>

#include "experiments/paper/rate_figures.hpp"
#include "experiments/paper/verdict.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

/// Rates with both measures and the region each lies in.
DataTable regions_table(const std::vector<RatePanel>&);

/// Published number, each reading's distance to it, the nearest.
DataTable verdict_table(const std::vector<VerdictRow>&);

}  // namespace ohmic
