// Which of several designs are worth their price.
#pragma once

#include <span>
#include <vector>

namespace ohmic {

/// True for every i that no other dominates: none has at most its cost and at least its value, one
/// of them strictly better. Equal pairs stand or fall together; a pair with NaN never stands.
std::vector<bool> pareto_front(std::span<const double> costs, std::span<const double> values);

}  // namespace ohmic
