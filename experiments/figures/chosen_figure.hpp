// A figure of one's own choice: a column of results.csv against a swept key or another column.
#pragma once

#include <optional>
#include <string>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/results/chosen_columns.hpp"

namespace ohmic {

/// A curve for each value of `split`, or as in other figures where that is empty, and a panel for
/// each combination of what else is swept; marks alone where x was measured. `log_x` absent:
/// logarithmic where x is above 0 and spread wide, as in other figures, which have eta linear.
/// Files plot_Y_by_X.*. Throws ConfigError for more panels than a page holds, and for a logarithmic
/// axis of names or of numbers that are not above 0.
Figure chosen_figure(const ChosenColumns&, const std::string& split,
                     std::optional<bool> log_x = {});

}  // namespace ohmic
