#include "experiments/figures/axis_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

constexpr double kWideSpread = 30;
constexpr std::size_t kMostCurves = 12;

using Keys = std::vector<std::string>;

bool has_another_figure(const std::string& key) {
  return key == kRateKey || key == "model.name" || key.starts_with("data.") ||
         key.starts_with("noise.");
}

std::string name_without(const Group& group, const Keys& keys) {
  Axes others = group.axes;
  std::erase_if(others, [&](const auto& axis) { return index_of(keys, axis.first) < keys.size(); });
  return axes_words(others);
}

/// Where values of one axis stand on a figure.
class Scale {
 public:
  Scale(const std::vector<std::string>& keys, const std::vector<std::string>& values,
        const Experiment* experiment)
      : names_(values) {
    for (const std::string& name : names_) numbers_.push_back(number_in(name));
    named_ = std::any_of(numbers_.begin(), numbers_.end(), [](double x) { return std::isnan(x); });
    std::vector<std::string> words;
    for (const std::string& key : keys) words.push_back(key_title(key, experiment));
    const std::string title = fmt::format("{}", fmt::join(words, " = "));
    named_ ? take_names(keys.front(), title) : take_numbers(title);
  }
  double at(const std::string& name) const { return numbers_[index_of(names_, name)]; }
  bool named() const { return named_; }
  const Axis& axis() const { return axis_; }
  std::vector<std::string> ascending() const {
    std::vector<std::string> values = names_;
    std::sort(values.begin(), values.end(),
              [&](const auto& a, const auto& b) { return at(a) < at(b); });
    return values;
  }

 private:
  void take_names(const std::string& key, const std::string& title) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      numbers_[i] = static_cast<double>(i);
      words.push_back(value_words(key, names_[i]));
    }
    axis_ = named_axis(title, words);
  }
  void take_numbers(const std::string& title) {
    axis_.title = title;
    const auto [least, most] = std::minmax_element(numbers_.begin(), numbers_.end());
    axis_.logarithmic = *least > 0 && *most / *least >= kWideSpread;
    for (std::size_t i = 0; i < names_.size(); ++i) axis_.tics.emplace_back(numbers_[i], names_[i]);
  }

  std::vector<std::string> names_;
  std::vector<double> numbers_;
  bool named_ = false;
  Axis axis_;
};

Estimate shown(const Group& group) {
  return std::isnan(group.average.mean) ? group.points.front().summary.value : group.average;
}

/// Where the points of one of several curves stand beside a name, so that none hides another.
double beside(std::size_t curve, std::size_t curves) {
  return 0.5 * ((static_cast<double>(curve) + 0.5) / static_cast<double>(curves) - 0.5);
}

/// A value at every place of the axis, and what the same networks score without noise.
std::pair<Series, Series> curve(const std::vector<Group>& groups, const Keys& keys,
                                const std::string& name, const Scale& scale, double shift) {
  std::pair<Series, Series> pair;
  for (const std::string& value : scale.ascending()) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return name_without(g, keys) == name && value_of(g.axes, keys.front()) == value;
    });
    const double x = scale.at(value) + shift;
    const bool there = group != groups.end();
    const double factor = MetricWords(groups.front().experiment).factor();
    pair.first.data.push_back(datum(x, there ? shown(*group) : Estimate{}, factor));
    pair.second.data.push_back({x, there ? factor * group->baseline : Estimate::kNone});
  }
  return pair;
}

bool have_one_baseline(const std::vector<Group>& groups) {
  return std::all_of(groups.begin(), groups.end(),
                     [&](const Group& g) { return g.baseline == groups.front().baseline; });
}

std::vector<std::string> values_of(const std::vector<Group>& groups, const std::string& key) {
  std::vector<std::string> values;
  for (const Group& group : groups) values.push_back(value_of(group.axes, key));
  return distinct(values);
}

std::vector<std::string> curves_of(const std::vector<Group>& groups, const Keys& keys) {
  std::vector<std::string> names;
  for (const Group& group : groups) names.push_back(name_without(group, keys));
  return distinct(names);
}

}  // namespace

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
        curves_of(groups, equal).size() <= kMostCurves)
      keys.push_back(key);
  }
  return keys;
}

Figure axis_figure(const std::string& key, const std::vector<Group>& groups) {
  const Keys keys = equal_keys(groups, key);
  const Scale scale(keys, values_of(groups, key), groups.front().experiment);
  const std::vector<std::string> curves = curves_of(groups, keys);
  const bool averages = !std::isnan(groups.front().average.mean);
  const MetricWords words(groups.front().experiment);
  Panel panel{"", scale.axis(), {averages ? words.mean_axis() : words.axis()}};
  panel.y.least = words.metric().least * words.factor();
  const bool one_baseline = !scale.named() && have_one_baseline(groups);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    auto [noisy, baseline] =
        curve(groups, keys, curves[i], scale, scale.named() ? beside(i, curves.size()) : 0.0);
    const std::string color = color_of(i, curves.size());
    noisy.name = curves[i].empty() ? "under noise" : curves[i];
    noisy.style = {color, marker_of(i), !scale.named()};
    baseline.name = "without noise";
    baseline.style = {color, scale.named() ? 2 : 0, !scale.named(), true};
    if (!averages && !(one_baseline && i > 0)) {
      if (one_baseline) baseline.style.color = kBaseline;
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
