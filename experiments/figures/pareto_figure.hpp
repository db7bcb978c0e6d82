// The metric against energy per image: a point per design with its interval, one colour for each
// value of the axes but the last, which labels the points where there is room; the Pareto front as
// the steps of the best value that an energy buys.
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/results/cost_tables.hpp"

namespace ohmic {

/// Whether two or more designs differ in energy, so that there is something to draw.
bool has_pareto_figure(const std::vector<PricedPoint>&);
/// What the labels beside the points are: "ADC bits".
std::string pareto_labels(const std::vector<PricedPoint>&);
/// Files are called pareto.*.
Figure pareto_figure(const std::vector<PricedPoint>&);

}  // namespace ohmic
