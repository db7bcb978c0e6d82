#include "simulator/backends/cpu/rounding_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ohmic::cpu {

double most_drive(const InputPlan& input) {
  return input.slice_mask ? input.slice_mask : std::max(input.highest, -input.lowest);
}

double worst_sum(double above, double below, const InputPlan& input) {
  return (input.unipolar ? std::max(above, below) : above + below) * most_drive(input);
}

double largest_column(const TileProduct& t, const std::vector<double>& matrix) {
  const auto rows = static_cast<std::ptrdiff_t>(t.rows);
  double largest = 0;
  for (auto cell = matrix.begin(); cell != matrix.end(); cell += rows)
    largest = std::max(largest, std::accumulate(cell, cell + rows, 0.0));
  return largest;
}

double read_error(double variance_error, double of_ones, const InputPlan& input) {
  constexpr double kOfFullDrive = 1.0 / 16;
  const double full = most_drive(input) * std::sqrt(of_ones);
  return std::sqrt(variance_error) / std::max(1.0, kOfFullDrive * full);
}

}  // namespace ohmic::cpu
