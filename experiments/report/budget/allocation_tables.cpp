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

std::string general(double value) { return std::isnan(value) ? "" : fmt::format("{:.3g}", value); }

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

void add(std::vector<Cell>& row, const std::vector<Cell>& cells) {
  row.insert(row.end(), cells.begin(), cells.end());
}

ResultTable summary(const std::vector<FoundAllocation>& found, const BudgetSettings& settings) {
  ResultTable table{"allocation", axis_columns(*found.front().point), {}};
  const MetricWords words(found.front().point->experiment);
  const std::string& metric = words.metric().name;
  for (const std::string& column :
       {settings.change_column(words.metric()), std::string("baseline"), words.limit_column(),
        std::string("way"), std::string("scale"), std::string("cost"), std::string("gain"),
        std::string("search_draws"), std::string("verify_draws"), metric, metric + "_lo",
        metric + "_hi", std::string("verification")})
    table.columns.push_back(column);
  for (const FoundAllocation& a : found)
    for (const bool is_uniform : {true, false}) {
      const ScaledEtas& s = is_uniform ? a.uniform : a.allocated;
      const Estimate fresh = mean_estimate(s.fresh, settings.confidence);
      std::vector<Cell> row = axis_cells(*a.point);
      add(row, {a.allowance.change, a.baseline, a.limit,
                std::string(is_uniform ? "uniform" : "allocated"), scale_of(s), s.cost,
                is_uniform ? 1.0 : a.gain(), draws_of(s), s.fresh.count(), fresh.mean, fresh.lo,
                fresh.hi, name_of(verify(s.fresh, a.limit, settings.confidence))});
      table.rows.push_back(std::move(row));
    }
  return table;
}

ResultTable layer_table(const std::vector<FoundAllocation>& found, const BudgetSettings& settings) {
  ResultTable table{"allocation_layers", axis_columns(*found.front().point), {}};
  table.columns.push_back(
      settings.change_column(MetricWords(found.front().point->experiment).metric()));
  for (const char* column : {"layer", "cost_at_eta_1", "eta", "uniform_eta"})
    table.columns.push_back(column);
  for (const FoundAllocation& a : found)
    for (std::size_t l = 0; l < a.allocated.etas.size(); ++l) {
      std::vector<Cell> row = axis_cells(*a.point);
      add(row,
          {a.allowance.change, a.layers[l], a.costs[l], a.allocated.etas[l], scale_of(a.uniform)});
      table.rows.push_back(std::move(row));
    }
  return table;
}

TextTable answers(const std::vector<FoundAllocation>& found, const BudgetSettings& settings) {
  Row heading = axis_headings(*found.front().point);
  const MetricWords words(found.front().point->experiment);
  for (const std::string& word :
       {words.column("baseline"), settings.heading(words.metric()),
        words.column("least " + words.title()), std::string("eta"), std::string("geometric mean"),
        std::string("cost"), std::string("gain"), words.column("on fresh draws"),
        std::string("verification")})
    heading.push_back(word);
  TextTable table{fmt::format("One eta for all layers and an eta for each, {:g} % confidence; "
                              "cost = sum of cost_l / eta_l^2:",
                              100 * settings.confidence),
                  {heading}};
  for (const FoundAllocation& a : found)
    for (const bool is_uniform : {true, false}) {
      const ScaledEtas& s = is_uniform ? a.uniform : a.allocated;
      Row row = axis_texts(*a.point);
      for (const std::string& cell :
           {words.text(a.baseline), settings.text(a.allowance, words), words.text(a.limit),
            std::string(is_uniform ? "one for all" : "allocated"), general(scale_of(s)),
            general(s.cost), is_uniform ? std::string("1") : general(a.gain()),
            words.text(mean_estimate(s.fresh, settings.confidence)),
            name_of(verify(s.fresh, a.limit, settings.confidence))})
        row.push_back(cell);
      table.rows.push_back(std::move(row));
    }
  return table;
}

TextTable layer_texts(const FoundAllocation& a, const BudgetSettings& settings) {
  TextTable table{label_of(a, settings) + ":", {{"layer", "eta", "cost at eta 1", "cost %"}}};
  for (std::size_t l = 0; l < a.layers.size(); ++l) {
    const double eta = a.allocated.etas[l];
    table.rows.push_back(
        {a.layers[l], general(eta), general(a.costs[l]),
         fmt::format("{:.1f}", 100 * a.costs[l] / (eta * eta) / a.allocated.cost)});
  }
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
    if (a.allocated.scale) {
      result.tables.push_back(layer_texts(a, settings));
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
  result.files = {summary(found, settings), layer_table(found, settings)};
  if (!shown.empty()) result.figures.push_back(allocation_figure(shown, settings));
  return result;
}

}  // namespace ohmic
