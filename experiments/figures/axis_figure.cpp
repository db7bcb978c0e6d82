#include "experiments/figures/axis_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/figures/scale.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostCurves = 12;

using Keys = std::vector<std::string>;

bool has_another_figure(const std::string& key) {
  return key == kRateKey || key == "model.name" || key.starts_with("data.") ||
         key.starts_with("noise.");
}

/// Of each group the name of its curve: what it has on other axes.
std::vector<std::string> curve_names(const std::vector<Group>& groups, const Keys& keys) {
  std::vector<Axes> all;
  for (const Group& group : groups) all.push_back(without(group.axes, keys));
  return telling_names(all);
}

Scale scale_of(const Keys& keys, const std::vector<std::string>& values,
               const Experiment* experiment) {
  std::vector<std::string> words;
  for (const std::string& key : keys) words.push_back(key_title(key, experiment));
  return {keys.front(), fmt::format("{}", fmt::join(words, " = ")), values};
}

Estimate shown(const Group& group) {
  return std::isnan(group.average.mean) ? group.points.front().summary.value : group.average;
}

/// A value of these groups at every place of the axis, and what the same networks score without
/// noise.
std::pair<Series, Series> curve(const std::vector<const Group*>& groups, const std::string& key,
                                const Scale& scale, double shift) {
  std::pair<Series, Series> pair;
  for (const std::string& value : scale.ascending()) {
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group* g) {
      return value_of(g->axes, key) == value;
    });
    const double x = scale.at(value) + shift;
    const Group* group = found == groups.end() ? nullptr : *found;
    const double factor = MetricWords(groups.front()->experiment).factor();
    pair.first.data.push_back(datum(x, group ? shown(*group) : Estimate{}, factor));
    pair.second.data.push_back({x, group ? factor * group->baseline : Estimate::kNone});
  }
  return pair;
}

bool have_one_baseline(const std::vector<Group>& groups) {
  return std::all_of(groups.begin(), groups.end(),
                     [&](const Group& g) { return g.baseline == groups.front().baseline; });
}

/// The groups that have this name.
std::vector<const Group*> called(const std::string& name, const std::vector<std::string>& names,
                                 const std::vector<Group>& groups) {
  std::vector<const Group*> members;
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (names[i] == name) members.push_back(&groups[i]);
  return members;
}

}  // namespace

std::vector<std::string> values_of(const std::vector<Group>& groups, const std::string& key) {
  std::vector<std::string> values;
  for (const Group& group : groups) values.push_back(value_of(group.axes, key));
  return distinct(values);
}

std::vector<std::string> equal_keys(const std::vector<Group>& groups, const std::string& key) {
  Keys keys;
  for (const auto& axis : groups.front().axes)
    if (!has_another_figure(axis.first) &&
        std::all_of(groups.begin(), groups.end(), [&](const Group& group) {
          return value_of(group.axes, axis.first) == value_of(group.axes, key);
        }))
      keys.push_back(axis.first);
  return keys;
}

std::vector<std::string> figure_axes(const std::vector<Group>& groups) {
  Keys keys;
  if (groups.empty()) return keys;
  for (const auto& axis : groups.front().axes) {
    const std::string& key = axis.first;
    if (has_another_figure(key)) continue;
    const Keys equal = equal_keys(groups, key), values = values_of(groups, key);
    const bool all_have_it = index_of(values, "") == values.size();  // not all models have eta
    if (key == equal.front() && all_have_it && values.size() > 1 &&
        distinct(curve_names(groups, equal)).size() <= kMostCurves)
      keys.push_back(key);
  }
  return keys;
}

Figure axis_figure(const std::string& key, const std::vector<Group>& groups) {
  const Keys keys = equal_keys(groups, key);
  const Scale scale = scale_of(keys, values_of(groups, key), groups.front().experiment);
  const std::vector<std::string> names = curve_names(groups, keys), curves = distinct(names);
  const bool averages = !std::isnan(groups.front().average.mean);
  const MetricWords words(groups.front().experiment);
  Panel panel{"", scale.axis(), {averages ? words.mean_axis() : words.axis()}};
  panel.y.least = words.metric().least * words.factor();
  const bool one_baseline = !scale.is_named() && have_one_baseline(groups);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    auto [noisy, baseline] = curve(called(curves[i], names, groups), keys.front(), scale,
                                   scale.beside(i, curves.size()));
    const bool is_alone = curves.size() == 1;
    const std::string color = is_alone ? kNoisy : color_of(i, curves.size());
    noisy.name = curves[i].empty() ? "under noise" : curves[i];
    noisy.style = {color, marker_of(i), !scale.is_named()};
    baseline.name = "without noise";
    baseline.style = {color, scale.is_named() ? 2 : 0, !scale.is_named(), true};
    if (!averages && !(one_baseline && i > 0)) {
      if (one_baseline || is_alone) baseline.style.color = kBaseline;
      panel.series.push_back(std::move(baseline));
    }
    panel.series.push_back(std::move(noisy));
  }
  std::string name = "axis_" + key;
  std::replace(name.begin(), name.end(), '.', '_');
  Plot plot{name, "", {panel}};
  plot.panel_width = 540;
  plot.panel_height = 360;
  return figure_of(plot);
}

}  // namespace ohmic
