// What roundings of a tile's matrix move sums by, whatever the inputs.
#pragma once

#include <vector>

#include "simulator/converters.hpp"

namespace ohmic::cpu {

/// The largest magnitude that drives a row.
double most_drive(const InputPlan&);

/// What inputs do at worst to a sum where cells are too large by `above` in all and too small by
/// `below`.
double worst_sum(double above, double below, const InputPlan&);

/// The largest sum over a column's cells, none of which is negative.
double largest_column(const TileProduct&, const std::vector<double>& matrix);

/// What an error of the variance moves the standard deviation of reads by, in steps of the ADC or,
/// where they are louder than that, in sixteenths of what it is at full drive; `of_ones` is the
/// largest variance of a column whose rows are driven by ones.
double read_error(double variance_error, double of_ones, const InputPlan&);

}  // namespace ohmic::cpu
