// Figures of several panels in one style, one for each point of a sweep.
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"

namespace ohmic {

/// `data` holds data blocks, `style` settings of all panels; a panel sets its title and plots.
Figure panel_figure(const std::string& name, const std::string& data, const std::string& style,
                    const std::vector<std::string>& panels);

}  // namespace ohmic
