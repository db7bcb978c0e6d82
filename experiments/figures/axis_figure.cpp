#include "experiments/figures/axis_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "experiments/figures/panels.hpp"

namespace ohmic {
namespace {

constexpr double kWideSpread = 30;
constexpr std::size_t kMostCurves = 12;
constexpr int kPanelWidth = 520, kPanelHeight = 360;
constexpr int kLetterWidth = 8, kLineHeight = 16;
constexpr std::size_t kLongestName = 30;

std::string value_of(const Group& group, const std::string& key) {
  for (const auto& axis : group.axes)
    if (axis.first == key) return axis.second;
  return "";
}

using Keys = std::vector<std::string>;

bool holds(const Keys& keys, const std::string& key) { return index_of(keys, key) < keys.size(); }

bool has_another_figure(const std::string& key) {
  return key == kRateKey || key == "model.name" || key.starts_with("data.") ||
         key.starts_with("noise.");
}

/// Keys that have the same value as `key` in every group, itself among them: one axis.
Keys equal_keys(const std::vector<Group>& groups, const std::string& key) {
  Keys keys;
  for (const auto& axis : groups.front().axes)
    if (!has_another_figure(axis.first) &&
        std::all_of(groups.begin(), groups.end(), [&](const Group& group) {
          return value_of(group, axis.first) == value_of(group, key);
        }))
      keys.push_back(axis.first);
  return keys;
}

std::string name_without(const Group& group, const Keys& keys) {
  std::vector<std::string> values;
  for (const auto& axis : group.axes)
    if (!holds(keys, axis.first)) values.push_back(axis.second);
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string title_without(const Group& group, const Keys& keys) {
  std::vector<std::string> titles;
  for (const auto& axis : group.axes)
    if (!holds(keys, axis.first)) titles.push_back(axis_title(axis.first));
  return fmt::format("{}", fmt::join(titles, ", "));
}

/// NaN where the text is no number.
double number_in(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == 0 ? value : Estimate::kNone;
}

/// Paths are told apart by their ends.
std::string end_of(const std::string& name) {
  return name.size() <= kLongestName ? name : "..." + name.substr(name.size() - kLongestName + 3);
}

/// Where values of one axis stand on a figure.
class Scale {
 public:
  explicit Scale(std::vector<std::string> names) : names_(std::move(names)) {
    for (const std::string& name : names_) numbers_.push_back(number_in(name));
    named_ = std::any_of(numbers_.begin(), numbers_.end(), [](double x) { return std::isnan(x); });
    const auto [least, most] = std::minmax_element(numbers_.begin(), numbers_.end());
    logarithmic_ = !named_ && *least > 0 && *most / *least >= kWideSpread;
    if (named_)
      for (std::size_t i = 0; i < names_.size(); ++i) numbers_[i] = static_cast<double>(i);
  }
  double at(const std::string& name) const { return numbers_[index_of(names_, name)]; }
  bool named() const { return named_; }
  /// Pixels below the axis and left of a tic that names take which are too long to stand side by
  /// side: they slant.
  int slant() const {
    std::size_t longest = 0;
    for (const std::string& name : names_) longest = std::max(longest, end_of(name).size());
    const int wide = kLetterWidth * static_cast<int>(longest);
    return named_ && wide > room() ? wide * 7 / 10 : 0;
  }
  int left_margin() const { return std::max(kLeftMargin, (slant() - room() / 2) / kLetterWidth); }

  std::string style() const {
    std::vector<std::string> tics;
    for (std::size_t i = 0; i < names_.size(); ++i)
      tics.push_back(fmt::format("{} {}", gnuplot_string(end_of(names_[i])), numbers_[i]));
    const char* slanted = slant() > 0 ? " rotate by 45 right" : "";
    const char* sideways = named_ ? "0, 0" : "graph 0.05, graph 0.05";
    return fmt::format("{}set xtics{} ({}); set offsets {}, graph 0.05, graph 0.05{}\n",
                       logarithmic_ ? "set logscale x; " : "", slanted, fmt::join(tics, ", "),
                       sideways,
                       named_ ? fmt::format("; set xrange [-0.5:{}]", names_.size() - 0.5) : "");
  }

 private:
  /// Of a name on the axis, in pixels.
  int room() const {
    return (kPanelWidth - kLeftMargin * kLetterWidth) / static_cast<int>(names_.size());
  }

  std::vector<std::string> names_;
  std::vector<double> numbers_;
  bool named_ = false, logarithmic_ = false;
};

Estimate shown(const Group& group) {
  return std::isnan(group.average.mean) ? group.points.front().summary.accuracy : group.average;
}

std::vector<std::string> curves_of(const std::vector<Group>& groups, const Keys& keys) {
  std::vector<std::string> names;
  for (const Group& group : groups) names.push_back(name_without(group, keys));
  return distinct(names);
}

/// Where the points of one of several curves stand beside a name, so that none hides another.
double beside(std::size_t curve, std::size_t curves) {
  return 0.5 * ((static_cast<double>(curve) + 0.5) / static_cast<double>(curves) - 0.5);
}

std::string data_of(const std::vector<Group>& groups, const Keys& keys, const std::string& curve,
                    const Scale& scale, double shift) {
  std::vector<std::pair<double, std::string>> lines;
  for (const Group& group : groups) {
    if (name_without(group, keys) != curve) continue;
    const Estimate e = shown(group).scaled(100);
    const bool known = !std::isnan(e.lo);
    const double x = scale.at(value_of(group, keys.front())) + shift;
    if (!std::isnan(e.mean))
      lines.push_back(
          {x, fmt::format("{} {:.4f} {:.4f} {:.4f} {:.4f}\n", x, e.mean, known ? e.lo : e.mean,
                          known ? e.hi : e.mean, 100 * group.baseline)});
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines) text += line.second;
  return text;
}

std::string plots(std::size_t curves, bool named, bool with_baselines) {
  std::vector<std::string> plots;
  for (std::size_t i = 0; i < curves; ++i) {
    const char* color = curve_color(i, curves);
    if (!named)
      plots.push_back(
          fmt::format("$c{} using 1:2 with lines linewidth 2 linecolor '{}' notitle", i, color));
    if (with_baselines)
      plots.push_back(
          fmt::format("$c{} using 1:5 with {} linewidth 1.2 dashtype 2 linecolor '{}' notitle", i,
                      named ? "points pointtype 2" : "lines", color));
    plots.push_back(
        fmt::format("$c{} using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.8 linewidth 1.4 "
                    "linecolor '{}' notitle",
                    i, color));
  }
  return fmt::format("plot {}\n", fmt::join(plots, ", "));
}

std::vector<LegendEntry> entries_of(const std::vector<std::string>& curves, bool named,
                                    bool with_baselines) {
  std::vector<LegendEntry> entries = curve_entries(curves);
  if (with_baselines)
    entries.push_back({"without noise", named ? "points pointtype 2 linecolor '#555555'"
                                              : "lines dashtype 2 linecolor '#555555'"});
  return entries;
}

std::string file_name(const std::string& key) {
  std::string name = "axis_" + key;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

}  // namespace

std::vector<std::string> figure_axes(const std::vector<Group>& groups) {
  std::vector<std::string> keys;
  if (groups.empty()) return keys;
  for (const auto& axis : groups.front().axes) {
    const std::string& key = axis.first;
    if (has_another_figure(key)) continue;
    const Keys equal = equal_keys(groups, key);
    if (key != equal.front()) continue;
    std::vector<std::string> values;
    for (const Group& group : groups) values.push_back(value_of(group, key));
    if (distinct(values).size() > 1 && curves_of(groups, equal).size() <= kMostCurves)
      keys.push_back(key);
  }
  return keys;
}

Figure axis_figure(const std::string& key, const std::vector<Group>& groups) {
  std::vector<std::string> values;
  for (const Group& group : groups) values.push_back(value_of(group, key));
  const Scale scale(distinct(values));
  const Keys keys = equal_keys(groups, key);
  const std::vector<std::string> curves = curves_of(groups, keys);
  const bool averages = !std::isnan(groups.front().average.mean);
  const std::string title = title_without(groups.front(), keys);
  const auto entries = entries_of(curves, scale.named(), !averages);
  const PanelLayout layout(1, kPanelWidth, kPanelHeight + scale.slant(),
                           legend_width(title, entries), 10);
  Figure figure{file_name(key), layout.width(), layout.height(), ""};
  for (std::size_t i = 0; i < curves.size(); ++i)
    figure.script += fmt::format(
        "$c{} << EOD\n{}EOD\n", i,
        data_of(groups, keys, curves[i], scale, scale.named() ? beside(i, curves.size()) : 0.0));
  figure.script +=
      "set multiplot\nunset key\n" +
      panel_style(scale.left_margin(), kBottomMargin + double(scale.slant()) / kLineHeight) +
      "set yrange [0<*:*<102]\n" + scale.style() +
      fmt::format("set xlabel {}; set ylabel '{}'\n",
                  gnuplot_string(fmt::format("{}", fmt::join(keys, " = "))),
                  averages ? "A_avr (%)" : "accuracy (%)") +
      layout.place(0) + plots(curves.size(), scale.named(), !averages) + layout.place_legend() +
      "set offsets\n" + legend_panel(title, entries) + "unset multiplot\nreset\n";
  return figure;
}

}  // namespace ohmic
