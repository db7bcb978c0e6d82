#include "experiments/budget/find_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/figures/plot.hpp"
#include "experiments/results/words.hpp"

namespace ohmic {
namespace {

using OfPoint = std::vector<const FoundBudget*>;

std::vector<OfPoint> by_point(const std::vector<FoundBudget>& budgets) {
  std::vector<OfPoint> points;
  for (const FoundBudget& b : budgets) {
    if (points.empty() || points.back().front()->point != b.point) points.emplace_back();
    points.back().push_back(&b);
  }
  return points;
}

/// Every value looked at for any of the limits, with the most draws it got.
Series measured(const OfPoint& budgets, double confidence) {
  std::map<double, const Probe*> probes;
  for (const FoundBudget* b : budgets)
    for (const Probe& probe : b->result.probes) {
      const Probe*& kept = probes[b->grid.values[probe.index]];
      if (!kept || kept->replicates.count() < probe.replicates.count()) kept = &probe;
    }
  Series series{fmt::format("measured, {:g} % interval", 100 * confidence), {kInk}, {}};
  for (const auto& [value, probe] : probes)
    series.data.push_back(datum(value, mean_estimate(probe->replicates, confidence)));
  return series;
}

/// Lines of accuracy, and the interval that holds each budget.
void add_limits(const OfPoint& budgets, const BudgetSettings& settings, Panel& panel) {
  panel.levels.push_back(
      {100 * budgets.front()->start.baseline(), false, "without noise", kBaseline});
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    const FoundBudget& b = *budgets[i];
    const std::string color = i == 0 ? kNoisy : color_of(i, budgets.size()),
                      drop = settings.drop_text(b.max_drop);
    panel.levels.push_back({100 * b.search.least_accuracy, false, "loss of " + drop, color});
    if (b.result.tolerated && b.result.not_tolerated)
      panel.bands.push_back({b.grid.values[*b.result.tolerated],
                             b.grid.values[*b.result.not_tolerated], "budget for " + drop, color});
  }
}

/// The neighbourhood of the losses that are asked for, as far as there are values: what lies far
/// below would flatten it. How many values that are is said.
void look_closely(const OfPoint& budgets, Panel& panel) {
  const double baseline = 100 * budgets.front()->start.baseline();
  double lowest = baseline;
  for (const FoundBudget* b : budgets) lowest = std::min(lowest, 100 * b->search.least_accuracy);
  const double loss = std::max(baseline - lowest, 0.01);
  const double floor = std::max(0.0, lowest - 2 * loss);
  const auto& data = panel.series.front().data;
  const auto below =
      std::count_if(data.begin(), data.end(), [&](const Datum& d) { return d.y < floor; });
  if (below == 0) return;
  double top = baseline + 0.5 * loss, bottom = lowest - 0.5 * loss;
  for (const Datum& d : data) {
    top = std::fmax(top, std::fmax(d.y, d.hi) + 0.1 * loss);
    if (d.y >= floor) bottom = std::fmin(bottom, std::fmin(d.y, d.lo) - 0.1 * loss);
  }
  panel.y.low = std::max(0.0, bottom);
  panel.y.high = top;
  panel.y.title += fmt::format("; {} value{} below", below, below == 1 ? " lies" : "s lie");
}

/// The whole range, with room for marks at its ends.
void look_at_range(const FindSettings& find, Axis& x) {
  const double low = find.range[0], high = find.range[1], room = 0.03;
  x.low = x.logarithmic ? low * std::pow(low / high, room) : low - room * (high - low);
  x.high = x.logarithmic ? high * std::pow(high / low, room) : high + room * (high - low);
}

}  // namespace

Figure budget_figure(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  const FindSettings& find = *settings.find;
  Plot plot{"budget", "", {}};
  plot.shares_y = false;  // baselines differ
  for (const OfPoint& of_point : by_point(budgets)) {
    const Point& point = *of_point.front()->point;
    Panel panel{point_title(point), {knob_title(find, point.experiment)}, {"accuracy (%)"}};
    panel.x.logarithmic = find.scale == KnobScale::log;
    look_at_range(find, panel.x);
    panel.series.push_back(measured(of_point, settings.confidence));
    add_limits(of_point, settings, panel);
    look_closely(of_point, panel);
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace ohmic
