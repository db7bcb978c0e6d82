// A_x, or another metric, against eta with intervals: one panel per network, data set and reading
// of the noise, one curve per learning rate; published values as open circles of the same colour.
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/results/groups.hpp"

namespace ohmic {

/// Whether the groups have two or more etas, so that there is something to draw.
bool has_accuracy_figure(const std::vector<Group>&);
/// Whether it has published values beside ours.
bool has_published_curves(const std::vector<Group>&);
/// Files are called accuracy.*.
Figure accuracy_figure(const std::vector<Group>&);

}  // namespace ohmic
