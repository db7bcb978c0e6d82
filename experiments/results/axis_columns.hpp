// The swept keys of points as the first columns of a table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/study/experiment.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

/// A swept value, or a network's name, on one line and not so long that it pushes the numbers
/// beside it out of sight, as a list of tables would.
std::string shown_value(std::string_view);

/// Dotted keys in files, short ones for a reader; a point without axes has none.
std::vector<Column> axis_columns(const Point&);
std::vector<Cell> axis_cells(const Point&);
Fields axis_fields(const Point&);
/// The same for files alone.
std::vector<Column> axis_keys(const Point&);
/// A point by its swept values in words; without any, by its network.
std::string point_title(const Point&);

}  // namespace ohmic
