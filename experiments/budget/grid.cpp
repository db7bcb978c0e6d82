#include "experiments/budget/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace ohmic {
namespace {

double rounded(double value, bool is_whole) {
  return is_whole ? std::round(value) : std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr);
}

}  // namespace

Value Grid::value(std::size_t index) const {
  if (is_whole) return {static_cast<std::int64_t>(values.at(index))};
  return {values.at(index)};
}

double Grid::between(double index, KnobScale scale) const {
  const auto low = std::min(static_cast<std::size_t>(index), values.size() - 2);
  const double part = index - static_cast<double>(low), a = values[low], b = values[low + 1];
  return scale == KnobScale::log ? a * std::pow(b / a, part) : a + part * (b - a);
}

Grid make_grid(const FindSettings& settings, bool is_whole) {
  const double lowest = settings.range.at(0), highest = settings.range.at(1);
  const bool is_log = settings.scale == KnobScale::log;
  const int steps =
      is_whole && !is_log ? static_cast<int>(highest - lowest) : std::max(settings.steps, 1);
  Grid grid{{}, is_whole};
  for (int i = 0; i <= steps; ++i) {
    const double part = static_cast<double>(i) / steps;
    const double value =
        is_log ? lowest * std::pow(highest / lowest, part) : lowest + part * (highest - lowest);
    const bool is_end = i == 0 || i == steps;
    grid.values.push_back(is_end && !is_whole ? settings.range[i == 0 ? 0 : 1]
                                              : rounded(value, is_whole));
  }
  grid.values.erase(std::unique(grid.values.begin(), grid.values.end()), grid.values.end());
  if (settings.tolerate == Tolerate::fewest) std::reverse(grid.values.begin(), grid.values.end());
  return grid;
}

}  // namespace ohmic
