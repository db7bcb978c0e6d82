#include "experiments/report/budget/find_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/by_point.hpp"
#include "experiments/results/axis_columns.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

using Budgets = std::vector<const FoundBudget*>;

/// Every value looked at for any of the limits, with the most draws it got.
Series measured(const Budgets& budgets, double confidence) {
  std::map<double, const Probe*> probes;
  for (const FoundBudget* b : budgets)
    for (const Probe& probe : b->result.probes) {
      const Probe*& kept = probes[b->grid.values[probe.index]];
      if (!kept || kept->replicates.count() < probe.replicates.count()) kept = &probe;
    }
  Series series{fmt::format("measured, {:g} % interval", 100 * confidence), {kInk}, {}};
  for (const auto& [value, probe] : probes)
    series.data.push_back(datum(value, mean_estimate(probe->replicates, confidence),
                                MetricWords(budgets.front()->point->experiment).factor()));
  return series;
}

/// Lines of the metric, and the interval that holds each budget: all that is allowed lies on its
/// milder side, and its inside is not decided.
void add_limits(const Budgets& budgets, const BudgetSettings& settings, Panel& panel) {
  const MetricWords words(budgets.front()->point->experiment);
  const double baseline = budgets.front()->start.baseline();
  if (std::isfinite(baseline))
    panel.levels.push_back({words.factor() * baseline, false, "without noise", kBaseline});
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    const FoundBudget& b = *budgets[i];
    const std::string color = i == 0 ? kNoisy : color_of(i, budgets.size()),
                      allowed = settings.text(b.allowance, words);
    const std::string kind = b.allowance.is_limit()                    ? "limit of "
                             : words.metric().better == Better::higher ? "loss of "
                                                                       : "rise of ";
    panel.levels.push_back({words.factor() * b.search.limit, false, kind + allowed, color});
    if (b.result.tolerated && b.result.not_tolerated)
      panel.bands.push_back({b.grid.values[*b.result.tolerated],
                             b.grid.values[*b.result.not_tolerated],
                             "undecided: budget for " + allowed + " lies here", color});
  }
}

/// The neighbourhood of the losses that are asked for, as far as there are values: what lies far
/// below would flatten it. How many values that are is said.
void look_closely(const Budgets& budgets, Panel& panel) {
  const MetricWords words(budgets.front()->point->experiment);
  const double sign = words.metric().sign(), baseline = budgets.front()->start.baseline();
  if (!std::isfinite(baseline)) return;
  // Everything below is times `sign`, so that higher is better, in a reader's numbers.
  const double scale = sign * words.factor(), best = scale * baseline;
  double lowest = best;
  for (const FoundBudget* b : budgets) lowest = std::min(lowest, scale * b->search.limit);
  const double loss = std::max(best - lowest, words.factor() == 1 ? 1e-4 * std::abs(best) : 0.01);
  const double end = sign > 0 ? words.metric().least : -words.metric().most;
  const double floor = std::max(words.factor() * end, lowest - 2 * loss);
  const auto& data = panel.series.front().data;
  const auto beyond =
      std::count_if(data.begin(), data.end(), [&](const Datum& d) { return sign * d.y < floor; });
  if (beyond == 0) return;
  double top = best + 0.5 * loss, bottom = lowest - 0.5 * loss;
  for (const Datum& d : data) {
    const auto [low, high] = std::minmax({sign * d.lo, sign * d.hi});
    top = std::fmax(top, std::fmax(sign * d.y, high) + 0.1 * loss);
    if (sign * d.y >= floor) bottom = std::fmin(bottom, std::fmin(sign * d.y, low) - 0.1 * loss);
  }
  bottom = std::max(words.factor() * end, bottom);
  panel.y.low = sign > 0 ? bottom : -top;
  panel.y.high = sign > 0 ? top : -bottom;
  panel.y.title += fmt::format("; {} value{} {}", beyond, beyond == 1 ? " lies" : "s lie",
                               sign > 0 ? "below" : "above");
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
  for (const Budgets& of_point : by_point(budgets)) {
    const Point& point = *of_point.front()->point;
    Panel panel{point_title(point),
                {knob_title(find, point.experiment)},
                {MetricWords(point.experiment).axis()}};
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
