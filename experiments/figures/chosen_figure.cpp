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

Axis x_axis(const Scale& scale, const ChosenColumns& chosen, bool log_x) {
  Axis axis = scale.axis();
  if (!chosen.x_is_swept && !scale.is_named()) axis.tics.clear();
  if (!log_x) return axis;
  for (const std::string& value : scale.ascending())
    if (scale.is_named() || scale.at(value) <= 0)
      throw ConfigError(fmt::format("--log-x: {} has the value {}; expected numbers above 0",
                                    *chosen.x.key, value));
  axis.logarithmic = true;
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

}  // namespace

Figure chosen_figure(const ChosenColumns& chosen, const std::string& split, bool log_x) {
  std::vector<Axes> axes;
  for (const ChosenRow& row : chosen.rows) axes.push_back(row.axes);
  const Places places = places_of(axes, &chosen.experiment, split);
  const std::vector<std::string> curves = distinct(places.curves), panels = distinct(places.panels);
  check_panels(panels.size());
  const Scale scale(*chosen.x.key, *chosen.x.title, values_of(chosen));
  std::string name = "plot_" + *chosen.y.key + "_by_" + *chosen.x.key;
  std::replace(name.begin(), name.end(), '.', '_');
  Plot plot{file_name_part(name), curves.size() > 1 ? places.legend : "", {}};
  for (const std::string& title : panels) {
    Panel panel{title, x_axis(scale, chosen, log_x), {*chosen.y.title}};
    for (std::size_t c = 0; c < curves.size(); ++c) {
      Rows rows;
      for (std::size_t i = 0; i < axes.size(); ++i)
        if (places.panels[i] == title && places.curves[i] == curves[c])
          rows.push_back(&chosen.rows[i]);
      if (rows.empty()) continue;
      Series series = series_of(rows, chosen, scale, scale.beside(c, curves.size()));
      series.name = curves.size() > 1 ? curves[c] : "";
      series.style = {color_of(c, curves.size()), marker_of(c),
                      chosen.x_is_swept && !scale.is_named()};
      panel.series.push_back(std::move(series));
    }
    plot.panels.push_back(std::move(panel));
  }
  const bool none_below_0 = std::none_of(chosen.rows.begin(), chosen.rows.end(),
                                         [](const ChosenRow& row) { return row.y.mean < 0; });
  for (Panel& panel : plot.panels)
    if (none_below_0) panel.y.least = 0;
  if (plot.panels.size() == 1) {
    plot.panel_width = 540;
    plot.panel_height = 360;
  }
  return figure_of(plot);
}

}  // namespace ohmic
