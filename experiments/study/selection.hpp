// Which points of a sweep a run computes: `--only KEY=VALUE`.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// One flag per point. Values of one key are alternatives, different keys must all hold; without
/// conditions every point is chosen. Numbers are compared as numbers. Throws ConfigError naming the
/// axes or the values there are.
std::vector<bool> select_points(const std::vector<Point>&, const std::vector<std::string>& only);

}  // namespace ohmic
