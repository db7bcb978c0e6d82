#include "experiments/figures/pareto_figure.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/figures/plot_area.hpp"
#include "experiments/study/metric_words.hpp"

namespace ohmic {
namespace {

/// Of each point its series: the axes but the last, in words.
std::vector<std::string> series_of(const std::vector<PricedPoint>& points) {
  std::vector<Axes> all;
  for (const PricedPoint& p : points) {
    all.push_back(text_axes(*p.point));
    if (!all.back().empty()) all.back().pop_back();
  }
  return telling_names(all);
}

/// The value of the last axis.
std::string label_of(const PricedPoint& p) {
  const Axes axes = text_axes(*p.point);
  return axes.empty() ? "" : value_words(axes.back().first, axes.back().second);
}

Series front_of(const std::vector<PricedPoint>& points, double factor) {
  Series front{"Pareto front", {kFaint, 0, true, false, Joint::along_first}, {}};
  for (const PricedPoint& p : points)
    if (p.front == OnFront::yes) front.data.push_back({p.cost.energy_nJ, factor * p.value.mean});
  std::sort(front.data.begin(), front.data.end(),
            [](const Datum& a, const Datum& b) { return a.x < b.x; });
  return front;
}

}  // namespace

bool has_pareto_figure(const std::vector<PricedPoint>& points) {
  return std::any_of(points.begin(), points.end(), [&](const PricedPoint& p) {
    return p.cost.energy_nJ > 0 && p.cost.energy_nJ != points.front().cost.energy_nJ;
  });
}

std::string pareto_labels(const std::vector<PricedPoint>& points) {
  const Axes axes = text_axes(*points.front().point);
  if (axes.empty()) return "";
  const std::string& key = axes.back().first;
  const std::string title = key_title(key, &points.front().point->experiment);
  return length_of(title) > kLongestTic ? key_words(key) : title;
}

Figure pareto_figure(const std::vector<PricedPoint>& points) {
  const std::vector<std::string> of_points = series_of(points), names = distinct(of_points);
  const auto [cheapest, dearest] = std::minmax_element(
      points.begin(), points.end(), [](const PricedPoint& a, const PricedPoint& b) {
        return a.cost.energy_nJ < b.cost.energy_nJ;
      });
  const MetricWords words(points.front().point->experiment);
  Panel panel{"", {"energy per image (nJ)"}, {words.axis()}};
  panel.x.logarithmic =
      cheapest->cost.energy_nJ > 0 && dearest->cost.energy_nJ > 10 * cheapest->cost.energy_nJ;
  panel.y.least = words.metric().least * words.factor();
  panel.series.push_back(front_of(points, words.factor()));
  std::vector<Remark> remarks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Series series{names[i], {color_of(i, names.size()), marker_of(i)}, {}};
    for (std::size_t k = 0; k < points.size(); ++k) {
      const PricedPoint& p = points[k];
      if (of_points[k] != names[i]) continue;
      series.data.push_back(datum(p.cost.energy_nJ, p.value, words.factor()));
      remarks.push_back(
          {series.data.back().x, series.data.back().y, label_of(p), series.style.color});
    }
    panel.series.push_back(std::move(series));
  }
  const std::string labels = pareto_labels(points);
  Plot plot{"pareto", labels.empty() ? "" : "beside marks: " + labels, {panel}};
  plot.panel_width = 560;
  plot.panel_height = 400;
  add_remarks(remarks, 0, plot);
  return figure_of(plot);
}

}  // namespace ohmic
