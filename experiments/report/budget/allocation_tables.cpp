#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

std::string name_of(Verification v) {
  return v == Verification::passed   ? "passed"
         : v == Verification::failed ? "failed"
         : v == Verification::open   ? "open"
                                     : "";
}

constexpr Digits kShort = Digits::general(3);

double scale_of(const ScaledEtas& s) { return s.scale.value_or(Estimate::kNone); }

std::int64_t draws_of(const ScaledEtas& s) {
  std::int64_t draws = 0;
  for (const Probe& probe : s.search.probes) draws += probe.replicates.count();
  return draws;
}

std::string label_of(const FoundAllocation& a, const BudgetSettings& settings) {
  return point_title(*a.point) + ", " +
         settings.phrase(a.allowance, MetricWords(a.point->experiment));
}

DataTable answers(const std::vector<FoundAllocation>& found, const BudgetSettings& settings) {
  const Point& first = *found.front().point;
  const MetricWords words(first.experiment);
  const Digits digits = words.digits();
  DataTable table{"allocation",
                  fmt::format("One eta for all layers and an eta for each, {:g} % confidence; "
                              "cost = sum of cost_l / eta_l^2:",
                              100 * settings.confidence),
                  axis_columns(first)};
  table.append({titled(words.column("baseline"), digits),
                {settings.change_column(words.metric()), settings.heading(words.metric())},
                {"baseline"},
                {words.limit_column(), words.column("least " + words.title()), digits},
                {"way", "eta"},
                {"scale", "geometric mean", kShort},
                {"cost", "cost", kShort},
                {"gain", "gain", kShort},
                {"search_draws"},
                {"verify_draws"},
                with_interval(words.metric().name, words.column("on fresh draws"), digits),
                {"verification", "verification"}});
  for (const FoundAllocation& a : found)
    for (const bool is_uniform : {true, false}) {
      const ScaledEtas& s = is_uniform ? a.uniform : a.allocated;
      table.add(axis_cells(*a.point),
                {a.baseline,
                 {a.allowance.change, settings.text(a.allowance, words)},
                 a.baseline,
                 a.limit,
                 is_uniform ? Cell("uniform", "one for all") : Cell("allocated"),
                 scale_of(s),
                 s.cost,
                 is_uniform ? 1.0 : a.gain(),
                 draws_of(s),
                 s.fresh.count(),
                 mean_estimate(s.fresh, settings.confidence),
                 name_of(verify(s.fresh, a.limit, settings.confidence))});
    }
  return table;
}

/// Its layers are shown where a scale was found.
DataTable layer_table(const FoundAllocation& a, const BudgetSettings& settings) {
  DataTable table{"allocation_layers", label_of(a, settings) + ":", axis_keys(*a.point)};
  table.append({{settings.change_column(MetricWords(a.point->experiment).metric())},
                {"layer", "layer"},
                titled("eta", kShort),
                {"cost_at_eta_1", "cost at eta 1", kShort},
                titled("cost %", Digits::fixed(1, 100)),
                {"eta"},
                {"uniform_eta"}});
  for (std::size_t l = 0; l < a.allocated.etas.size(); ++l) {
    const double eta = a.allocated.etas[l];
    table.add(axis_cells(*a.point),
              {a.allowance.change, a.layers[l], eta, a.costs[l],
               a.costs[l] / (eta * eta) / a.allocated.cost, eta, scale_of(a.uniform)});
  }
  if (!a.allocated.scale)
    for (Column& column : table.columns) column.title.reset();
  return table;
}

Figure allocation_figure(const std::vector<const FoundAllocation*>& found,
                         const BudgetSettings& settings) {
  Plot plot{"allocation", "", {}};
  plot.most_columns = 1;
  for (const FoundAllocation* a : found) {
    Panel panel{
        label_of(*a, settings), layer_axis(a->layers), {key_title(kEtaKey, &a->point->experiment)}};
    panel.y.low = 0;
    Series bars{"allocated", {kAlone}, {}};
    bars.style.bar = 0.7;
    for (std::size_t l = 0; l < a->layers.size(); ++l)
      bars.data.push_back({static_cast<double>(l), a->allocated.etas[l]});
    panel.series.push_back(std::move(bars));
    if (a->uniform.scale) panel.levels.push_back({*a->uniform.scale, false, "one for all", kNoisy});
    plot.panel_width = std::max(plot.panel_width, bar_width(a->layers.size()));
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace

AnalysisResult allocation_result(const std::vector<FoundAllocation>& found,
                                 const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Allocation of noise to layers";
  result.tables.push_back(answers(found, settings));
  std::vector<const FoundAllocation*> shown;
  for (const FoundAllocation& a : found) {
    result.tables.push_back(layer_table(a, settings));
    if (a.allocated.scale) {
      result.notes.push_back(label_of(a, settings) + ": `ohmic run " + shell_word(a.file) +
                             "` measures the allocation on the fresh draws.");
      shown.push_back(&a);
    } else {
      result.notes.push_back(label_of(a, settings) +
                             ": no scale was shown to be tolerated in this range.");
    }
  }
  result.notes.push_back(
      "Verification: passed and failed are shown on draws that the search has not seen, open is "
      "neither.");
  if (!shown.empty()) result.figures.push_back(allocation_figure(shown, settings));
  return result;
}

}  // namespace ohmic
