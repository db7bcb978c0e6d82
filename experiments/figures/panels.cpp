#include "experiments/figures/panels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "experiments/figures/plot.hpp"

namespace ohmic {
namespace {

std::string table_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

bool is_curve_axis(const std::string& key, const Axes& axes) {
  const bool by_rate = std::any_of(axes.begin(), axes.end(),
                                   [](const auto& axis) { return axis.first == kRateKey; });
  return by_rate ? key == kRateKey : table_of(key) == table_of(axes.back().first);
}

/// Keys that tell entries apart which those before them leave alike.
std::vector<std::string> telling_keys(const std::vector<Axes>& all) {
  std::vector<std::string> keys;
  std::vector<std::size_t> kinds(all.size(), 0);  // of entries: alike by the keys so far
  std::size_t count = 1;
  for (const auto& axis : all.front()) {
    std::map<std::pair<std::size_t, std::string>, std::size_t> finer;
    std::vector<std::size_t> kinds_with(all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      kinds_with[i] =
          finer.try_emplace({kinds[i], value_of(all[i], axis.first)}, finer.size()).first->second;
    if (finer.size() == count) continue;
    keys.push_back(axis.first);
    kinds = std::move(kinds_with);
    count = finer.size();
  }
  return keys;
}

}  // namespace

std::string curve_name(const Axes& axes) {
  std::vector<std::string> values;
  bool any = false;
  for (const auto& [key, value] : axes) {
    if (!is_curve_axis(key, axes)) continue;
    values.push_back(value.empty() ? "none" : value_words(key, value));
    any = any || !value.empty();
  }
  return any || values.empty() ? fmt::format("{}", fmt::join(values, ", ")) : "none";
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

Axes without(Axes axes, const std::vector<std::string>& keys) {
  std::erase_if(axes, [&](const auto& axis) { return index_of(keys, axis.first) < keys.size(); });
  return axes;
}

std::vector<Axes> telling_axes(std::vector<Axes> all,
                               const std::function<std::string(const Axes&)>& name) {
  const bool all_are_short = std::all_of(all.begin(), all.end(), [&](const Axes& axes) {
    return length_of(name(axes)) <= kLongestName;
  });
  if (all_are_short) return all;
  const std::vector<std::string> keys = telling_keys(all);
  for (Axes& axes : all)
    std::erase_if(axes,
                  [&](const auto& axis) { return index_of(keys, axis.first) == keys.size(); });
  return all;
}

std::vector<std::string> telling_names(const std::vector<Axes>& all) {
  if (all.empty()) return {};
  std::vector<std::string> names;
  for (const Axes& axes : telling_axes(all, axes_words)) names.push_back(axes_words(axes));
  const std::vector<std::string> keys = telling_keys(all);
  if (!keys.empty()) std::replace(names.begin(), names.end(), {}, "no " + key_words(keys.front()));
  return names;
}

CurvePlaces curve_places(const std::vector<Axes>& all, const Experiment* experiment,
                         const std::string& split) {
  const auto curve_of = [&](const Axes& axes) {
    return split.empty() ? curve_name(axes) : curve_name({{split, value_of(axes, split)}});
  };
  const auto panel_of = [&](const Axes& axes) {
    return split.empty() ? panel_name(axes) : axes_words(without(axes, {split}));
  };
  const std::vector<Axes> telling = telling_axes(all, [&](const Axes& axes) {
    const std::string curve = curve_of(axes), panel = panel_of(axes);
    return length_of(curve) > length_of(panel) ? curve : panel;
  });
  CurvePlaces places;
  if (!all.empty())
    places.legend =
        split.empty() ? legend_title(telling.front(), experiment) : key_title(split, experiment);
  for (std::size_t i = 0; i < all.size(); ++i) {
    places.curves.push_back(curve_of(split.empty() ? telling[i] : all[i]));
    places.panels.push_back(panel_of(telling[i]));
  }
  return places;
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
