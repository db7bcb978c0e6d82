// The named cases of a sweep beside its first one, on the same chips.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/cost_tables.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

/// A row per measured point: the swept keys, the metric, and by how much it differs from that of
/// the first case where all other swept keys are the same, with the interval of the draws that both
/// have; then, of priced points, tiles and energy per image. No lines without named cases. A
/// difference is empty in the first case, where that was not measured, and where draws are not of
/// the same noise (another seed, first draw, estimator or other samples).
DataTable case_table(const std::vector<Point>& all, const std::vector<MeasuredPoint>&,
                     const std::vector<PricedPoint>&);
/// What stands below it.
std::string case_legend(const std::vector<MeasuredPoint>&);
/// Both for a terminal; empty without lines.
std::string case_text(const DataTable& cases, const std::vector<MeasuredPoint>&);

}  // namespace ohmic
