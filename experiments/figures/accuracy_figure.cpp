#include "experiments/figures/accuracy_figure.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {
namespace {

/// A value at every eta of the figure; where this group has none, its line breaks.
Series measured(const Group& group, const std::vector<double>& etas) {
  Series series;
  for (const double eta : etas) {
    const GroupPoint* point = group.at(eta);
    series.data.push_back(datum(100 * eta, point ? point->shown() : Estimate{},
                                MetricWords(group.experiment).factor()));
  }
  return series;
}

Series published(const Group& group, const std::string& color) {
  Series series{group.published.label, {color, 6}, {}};
  for (const auto& [eta, value] : group.published.curve)
    series.data.push_back({100 * eta, 100 * value});
  return series;
}

Axis eta_axis(const std::vector<Group>& groups, const std::vector<double>& etas) {
  std::vector<std::string> references;
  for (const Group& group : groups) references.push_back(eta_reference(group.experiment));
  Axis axis;
  axis.title = "noise η, % of " + (distinct(references).size() == 1
                                       ? references.front()
                                       : std::string("what device.reference names"));
  for (const double eta : etas)
    axis.tics.emplace_back(100 * eta, number_text(std::round(1e9 * eta) / 1e7));
  axis.low = std::min(0.0, 100 * etas.front());
  return axis;
}

}  // namespace

bool has_published_curves(const std::vector<Group>& groups) {
  return std::any_of(groups.begin(), groups.end(),
                     [](const Group& g) { return !g.published.curve.empty(); });
}

bool has_accuracy_figure(const std::vector<Group>& groups) { return etas_of(groups).size() > 1; }

Figure accuracy_figure(const std::vector<Group>& groups) {
  const std::vector<double> etas = etas_of(groups);
  std::vector<Axes> all;
  for (const Group& group : groups) all.push_back(group.axes);
  const CurvePlaces places = curve_places(all, groups.front().experiment);
  const std::vector<std::string> curves = distinct(places.curves);
  Plot plot{"accuracy", places.legend, {}};
  for (const std::string& name : distinct(places.panels)) {
    const MetricWords words(groups.front().experiment);
    Panel panel{name, eta_axis(groups, etas), {words.over_eta_axis()}};
    panel.y.least = words.metric().least * words.factor();
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Group& group = groups[i];
      if (places.panels[i] != name) continue;
      const std::size_t curve = index_of(curves, places.curves[i]);
      Series series = measured(group, etas);
      series.name = curves[curve];
      series.style = {color_of(curve, curves.size()), marker_of(curve), true};
      panel.series.push_back(series);
      if (!group.published.curve.empty())
        panel.series.push_back(published(group, series.style.color));
    }
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace ohmic
