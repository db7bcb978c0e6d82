// One quantity over two swept axes, as maps whose cells hold their values.
#pragma once

#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/results/groups.hpp"

namespace ohmic {

struct HeatMap {
  std::string title;  ///< what is shown, with its unit
  std::string x, y;   ///< titles of the axes
  std::vector<std::string> columns, rows;
  std::vector<std::vector<Estimate>> values;  ///< [row][column], fractions; NaN: not measured
  std::vector<std::vector<double>> published;
  std::string published_label{};  ///< what these are called
};

/// For every two swept keys that are numbers (eta among them, keys that are equal throughout once,
/// seeds not), one map for each combination of the others: A where eta is one of them, A_avr where
/// it is swept besides, else accuracy. None where the two do not make a grid, or maps would be more
/// than 12.
std::vector<HeatMap> heat_maps(const std::vector<Group>&);

/// a_o of networks at learning rates for every combination of the axes that make a network, each
/// followed by A_avr for every combination of the others; none unless two or more rates and two or
/// more networks (model.name) are swept.
std::vector<HeatMap> rate_maps(const std::vector<Group>&);

/// Files NAME.*.
Figure heat_figure(const std::string& name, const std::vector<HeatMap>&);

}  // namespace ohmic
