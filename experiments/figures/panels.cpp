#include "experiments/figures/panels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {
namespace {

std::string table_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

bool is_curve_axis(const std::string& key, const Axes& axes) {
  const bool by_rate = std::any_of(axes.begin(), axes.end(),
                                   [](const auto& axis) { return axis.first == kRateKey; });
  return by_rate ? key == kRateKey : table_of(key) == table_of(axes.back().first);
}

}  // namespace

std::string curve_name(const Axes& axes) {
  std::vector<std::string> values;
  for (const auto& [key, value] : axes)
    if (is_curve_axis(key, axes)) values.push_back(value_words(key, value));
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string panel_name(const Axes& axes) {
  Axes others = axes;
  std::erase_if(others, [&](const auto& axis) { return is_curve_axis(axis.first, axes); });
  return axes_words(others);
}

std::string legend_title(const Axes& axes, const Experiment* experiment) {
  std::vector<std::string> titles;
  for (const auto& axis : axes)
    if (is_curve_axis(axis.first, axes)) titles.push_back(key_title(axis.first, experiment));
  return fmt::format("{}", fmt::join(titles, ", "));
}

std::string value_of(const Axes& axes, const std::string& key) {
  for (const auto& axis : axes)
    if (axis.first == key) return axis.second;
  return "";
}

std::vector<std::string> distinct(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  for (const std::string& name : names)
    if (std::count(once.begin(), once.end(), name) == 0) once.push_back(name);
  return once;
}

std::size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

double number_in(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == 0 ? value : Estimate::kNone;
}

}  // namespace ohmic
