#include "experiments/statistics/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "simulator/error.hpp"

namespace ohmic {

std::vector<bool> pareto_front(std::span<const double> costs, std::span<const double> values) {
  OHMIC_ASSERT(costs.size() == values.size());
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order,
                [&](std::size_t i) { return std::isnan(costs[i]) || std::isnan(values[i]); });
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return costs[a] != costs[b] ? costs[a] < costs[b] : values[a] > values[b];
  });
  // In the order of cost, what stands is better than all before, or equal to the last that stood.
  std::vector<bool> stands(costs.size(), false);
  double best = -std::numeric_limits<double>::infinity(), cost_of_best = 0;
  bool any = false;
  for (const std::size_t i : order) {
    if (any && !(values[i] > best) && !(values[i] == best && costs[i] == cost_of_best)) continue;
    stands[i] = any = true;
    best = values[i];
    cost_of_best = costs[i];
  }
  return stands;
}

}  // namespace ohmic
