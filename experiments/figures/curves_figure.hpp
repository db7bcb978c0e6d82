// Learning curves: loss, accuracy and dead filters against the epoch.
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/results/run_record.hpp"

namespace ohmic {

/// Three panels, one curve per network; files NAME.*. Needs a network with an epoch or more.
Figure curves_figure(const std::string& name, const std::vector<const NetworkRecord*>&);

}  // namespace ohmic
