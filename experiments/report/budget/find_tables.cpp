#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/budget/answers.hpp"
#include "experiments/report/budget/find_figure.hpp"
#include "experiments/results/cost_tables.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

double estimate_of(const FoundBudget& b, KnobScale scale) {
  const auto index = crossing_estimate(b.result, b.search);
  return index ? b.grid.between(*index, scale) : Estimate::kNone;
}

std::int64_t draws_of(const FoundBudget& b) {
  std::int64_t draws = 0;
  for (const Probe& probe : b.result.probes) draws += probe.replicates.count();
  return draws;
}

Estimate value_at_budget(const FoundBudget& b, double confidence) {
  const std::size_t probe = b.probe_at(b.result.tolerated);
  if (probe == b.result.probes.size()) return {};
  return mean_estimate(b.result.probes[probe].replicates, confidence);
}

/// What a chip at a probe costs; none without [cost], or where there is no such probe.
Price price_at(const FoundBudget& b, std::size_t probe) {
  if (probe < b.costs.size()) return price_of(b.costs[probe]);
  constexpr double kNone = Estimate::kNone;
  return {kNone, kNone, kNone, kNone, kNone, kNone};
}

bool has_costs(const std::vector<FoundBudget>& budgets) {
  return std::ranges::any_of(budgets, [](const FoundBudget& b) { return !b.costs.empty(); });
}

/// Behind the other columns of tables whose file has [cost]; to a reader where `is_shown`.
void append_price(DataTable& table, bool is_shown) {
  constexpr Digits kFour = Digits::general(4);
  for (const Column& column :
       {Column{"energy_nJ", "energy there (nJ)", kFour},
        Column{"latency_us", "latency (µs)", kFour}, Column{"area_mm2", "area (mm²)", kFour}}) {
    table.append({column});
    if (!is_shown) table.columns.back().title.reset();
  }
}

std::vector<Cell> price_cells(const Price& price) {
  return {price.energy_nJ, price.latency_us, price.area_mm2};
}

const char* name_of(Tolerance verdict) {
  return verdict == Tolerance::tolerated       ? "tolerated"
         : verdict == Tolerance::not_tolerated ? "not tolerated"
                                               : "undecided";
}

DataTable answers(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  const Point& first = *budgets.front().point;
  const MetricWords words(first.experiment);
  const Metric& metric = words.metric();
  const std::string knob = short_knob(*settings.find);
  DataTable table{
      "budget",
      fmt::format("{} of {}, {}:",
                  settings.find->tolerate == Tolerate::largest ? "Largest value" : "Fewest",
                  knob_title(*settings.find, first.experiment),
                  settings.max_draws == 1
                      ? "of one draw each, which says nothing of other chips"
                      : fmt::format("{:g} % confidence", 100 * settings.confidence)),
      axis_columns(first)};
  table.append({{"knob"},
                {settings.change_column(metric), settings.heading(metric)},
                {"drop"},
                {"baseline", words.column("baseline"), words.digits()},
                {words.limit_column()},
                {"tolerated", knob + " tolerated", Digits::general(6)},
                {"not_tolerated", knob + " not tolerated", Digits::general(6)},
                {"estimate", "about", Digits::general(3)},
                with_interval(metric.name, words.column(words.title() + " there"), words.digits()),
                {"values"},
                {"draws", "evaluations"},
                {"images"}});
  if (has_costs(budgets)) append_price(table, true);
  for (const FoundBudget& b : budgets) {
    std::vector<Cell> cells{settings.find->knob.front(),
                            {b.allowance.change, settings.text(b.allowance, words)},
                            settings.drop_name(),
                            b.start.baseline(),
                            b.search.limit,
                            b.value_at(b.result.tolerated),
                            b.value_at(b.result.not_tolerated),
                            estimate_of(b, settings.find->scale),
                            value_at_budget(b, settings.confidence),
                            b.result.probes.size(),
                            draws_of(b),
                            draws_of(b) * b.start.images};
    if (has_costs(budgets))
      for (Cell& cell : price_cells(price_at(b, b.probe_at(b.result.tolerated))))
        cells.push_back(std::move(cell));
    table.add(axis_cells(*b.point), cells);
  }
  return table;
}

DataTable probe_table(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  const Point& first = *budgets.front().point;
  const Metric& metric = MetricWords(first.experiment).metric();
  DataTable table{"budget_probes", "", axis_keys(first)};
  table.append({{settings.change_column(metric)},
                {"value"},
                {"draws"},
                with_interval(metric.name),
                {"verdict"}});
  if (has_costs(budgets)) append_price(table, false);
  for (const FoundBudget& b : budgets)
    for (std::size_t p = 0; p < b.result.probes.size(); ++p) {
      const Probe& probe = b.result.probes[p];
      std::vector<Cell> cells{
          b.allowance.change, b.grid.values[probe.index], probe.replicates.count(),
          mean_estimate(probe.replicates, settings.confidence), name_of(probe.verdict)};
      if (has_costs(budgets))
        for (Cell& cell : price_cells(price_at(b, p))) cells.push_back(std::move(cell));
      table.add(axis_cells(*b.point), cells);
    }
  return table;
}

/// What a device engineer reads: the noise of each layer at the budget; without one, no lines.
DataTable layer_units(const FoundBudget& b, const BudgetSettings& settings) {
  const MetricWords words(b.point->experiment);
  DataTable table{
      "budget_layers",
      fmt::format("{}{}: noise of each layer at {} = {:g}",
                  b.point->axes.empty() ? "" : *axis_cells(*b.point).front().shown + ", ",
                  settings.text(b.allowance, words), short_knob(*settings.find),
                  b.value_at(b.result.tolerated)),
      axis_keys(*b.point)};
  table.append({{settings.change_column(words.metric())},
                {"layer", "layer"},
                {"eta", "eta", Digits::fixed(4)},
                {"snr_dB", "SNR dB", Digits::fixed(1)},
                {"sigma_G_uS", "sigma_G uS", Digits::fixed(4)},
                {"sigma_G_percent", "% of g_max", Digits::fixed(3)},
                {"bits", "bits", Digits::fixed(2)},
                {"measured_eta", "measured eta", Digits::fixed(4)},
                {"measured_bias"}});
  if (b.at_budget)
    for (const LayerResult& l : b.at_budget->layers)
      table.add(axis_cells(*b.point), {b.allowance.change, l.layer, l.eta, l.snr_dB, l.sigma_G_uS,
                                       l.sigma_G_percent, l.bits, l.measured_eta, l.measured_bias});
  table.drop_empty_columns();  // without a form factor eta, most
  return table;
}

void add_notes(const FoundBudget& b, const BudgetSettings& settings, AnalysisResult& result) {
  if (!b.result.tolerated || !b.result.not_tolerated)
    result.notes.push_back(answer_text(b, settings) + ".");
  const MetricWords words(b.point->experiment);
  if (const auto pair = rise(b.result, b.search))
    result.notes.push_back(fmt::format(
        "{} is {} at {} = {:g} than at {:g}: it does not {} steadily, so the answer is "
        "one crossing of possibly several.",
        words.capital_title(), words.metric().better == Better::higher ? "higher" : "lower",
        short_knob(*settings.find), b.grid.values[pair->second], b.grid.values[pair->first],
        words.metric().better == Better::higher ? "fall" : "rise"));
}

}  // namespace

AnalysisResult find_result(const std::vector<FoundBudget>& budgets,
                           const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Budget of " + settings.find->knob.front();
  result.tables = {answers(budgets, settings), probe_table(budgets, settings)};
  for (const FoundBudget& b : budgets) {
    result.tables.push_back(layer_units(b, settings));
    add_notes(b, settings, result);
  }
  if (has_costs(budgets)) {
    std::vector<const Experiment*> experiments;
    for (const FoundBudget& b : budgets) experiments.push_back(&b.point->experiment);
    result.notes.push_back(
        "Energy and latency are of one image, area of the chip, by the constants of [cost].");
    if (std::string free = free_converters_note(experiments); !free.empty())
      result.notes.push_back(std::move(free));
  }
  result.figures.push_back(budget_figure(budgets, settings));
  return result;
}

}  // namespace ohmic
