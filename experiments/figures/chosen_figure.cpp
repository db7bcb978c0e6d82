#include "experiments/figures/chosen_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/figures/scale.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostPanels = 12;

using Rows = std::vector<const ChosenRow*>;

/// Values of x, in the unit of its axis.
std::string shown_x(const ChosenRow& row, const Column& x) {
  const double number = number_in(row.x);
  return std::isnan(number) || x.digits.factor == 1 ? row.x : number_text(number * x.digits.factor);
}

std::vector<std::string> values_of(const ChosenColumns& chosen) {
  std::vector<std::string> values;
  for (const ChosenRow& row : chosen.rows) values.push_back(shown_x(row, chosen.x));
  return distinct(values);
}

Axis x_axis(const Scale& scale, const ChosenColumns& chosen, std::optional<bool> log_x) {
  Axis axis = scale.axis();
  if (!chosen.x_is_swept && !scale.is_named()) axis.tics.clear();
  axis.logarithmic = log_x.value_or(axis.logarithmic && chosen.x.key != kEtaKey);
  if (!log_x.value_or(false)) return axis;
  for (const std::string& value : scale.ascending())
    if (scale.is_named() || scale.at(value) <= 0)
      throw ConfigError(fmt::format("--log-x: {} has the value {}; expected numbers above 0",
                                    *chosen.x.key, value));
  return axis;
}

/// In the order of x; where one of a sweep's values is not there, the line breaks.
Series series_of(const Rows& rows, const ChosenColumns& chosen, const Scale& scale, double beside) {
  Series series;
  const double factor = chosen.y.digits.factor;
  for (const std::string& value : scale.ascending()) {
    bool any = false;
    for (const ChosenRow* row : rows)
      if (shown_x(*row, chosen.x) == value) {
        series.data.push_back(datum(scale.at(value) + beside, row->y, factor));
        any = true;
      }
    if (!any && chosen.x_is_swept) series.data.push_back({scale.at(value) + beside});
  }
  return series;
}

void check_panels(std::size_t panels) {
  if (panels > kMostPanels)
    throw ConfigError(
        fmt::format("the figure would have {} panels, one for each combination of what is swept "
                    "beside --x and --split; expected at most {}: --only KEY=VALUE takes a part",
                    panels, kMostPanels));
}

/// Rows of a panel by curve.
std::vector<Rows> rows_of(const std::string& panel, const std::vector<std::string>& curves,
                          const CurvePlaces& places, const ChosenColumns& chosen) {
  std::vector<Rows> rows(curves.size());
  for (std::size_t i = 0; i < chosen.rows.size(); ++i)
    if (places.panels[i] == panel)
      rows[index_of(curves, places.curves[i])].push_back(&chosen.rows[i]);
  return rows;
}

void add_series(const std::vector<Rows>& rows, const std::vector<std::string>& curves,
                const ChosenColumns& chosen, const Scale& scale, Panel& panel) {
  for (std::size_t c = 0; c < curves.size(); ++c) {
    if (rows[c].empty()) continue;
    Series series = series_of(rows[c], chosen, scale, scale.beside(c, curves.size()));
    series.name = curves.size() > 1 ? curves[c] : "";
    series.style = {color_of(c, curves.size()), marker_of(c),
                    chosen.x_is_swept && !scale.is_named()};
    panel.series.push_back(std::move(series));
  }
}

std::string name_of(const ChosenColumns& chosen) {
  std::string name = "plot_" + *chosen.y.key + "_by_" + *chosen.x.key;
  std::replace(name.begin(), name.end(), '.', '_');
  return file_name_part(name);
}

}  // namespace

Figure chosen_figure(const ChosenColumns& chosen, const std::string& split,
                     std::optional<bool> log_x) {
  std::vector<Axes> axes;
  for (const ChosenRow& row : chosen.rows) axes.push_back(row.axes);
  const CurvePlaces places = curve_places(axes, &chosen.experiment, split);
  const std::vector<std::string> curves = distinct(places.curves), panels = distinct(places.panels);
  check_panels(panels.size());
  const Scale scale(*chosen.x.key, *chosen.x.title, values_of(chosen));
  const bool any_below_0 = std::any_of(chosen.rows.begin(), chosen.rows.end(),
                                       [](const ChosenRow& row) { return row.y.mean < 0; });
  Plot plot{name_of(chosen), curves.size() > 1 ? places.legend : "", {}};
  const Axis x = x_axis(scale, chosen, log_x);
  for (const std::string& title : panels) {
    Panel panel{title, x, {*chosen.y.title}};
    if (!any_below_0) panel.y.least = 0;
    add_series(rows_of(title, curves, places, chosen), curves, chosen, scale, panel);
    plot.panels.push_back(std::move(panel));
  }
  if (plot.panels.size() == 1) {
    plot.panel_width = 540;
    plot.panel_height = 360;
  }
  return figure_of(plot);
}

}  // namespace ohmic
