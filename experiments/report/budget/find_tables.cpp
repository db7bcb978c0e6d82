#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/budget/answers.hpp"
#include "experiments/report/budget/find_figure.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

using Cells = std::vector<Cell>;

std::string general(double value) { return std::isnan(value) ? "" : fmt::format("{:g}", value); }

std::string fixed(const char* format, double value) {
  return !std::isfinite(value) ? "" : fmt::format(fmt::runtime(format), value);
}

MetricWords words_of(const std::vector<FoundBudget>& budgets) {
  return MetricWords(budgets.front().point->experiment);
}

double estimate_of(const FoundBudget& b, KnobScale scale) {
  const auto index = crossing_estimate(b.result, b.search);
  return index ? b.grid.between(*index, scale) : Estimate::kNone;
}

std::int64_t draws_of(const FoundBudget& b) {
  std::int64_t draws = 0;
  for (const Probe& probe : b.result.probes) draws += probe.replicates.count();
  return draws;
}

const Probe* probe_at(const FoundBudget& b, const std::optional<std::size_t>& index) {
  for (const Probe& probe : b.result.probes)
    if (index && probe.index == *index) return &probe;
  return nullptr;
}

Estimate value_at_budget(const FoundBudget& b, double confidence) {
  const Probe* probe = probe_at(b, b.result.tolerated);
  return probe ? mean_estimate(probe->replicates, confidence) : Estimate{};
}

const char* name_of(Tolerance verdict) {
  return verdict == Tolerance::tolerated       ? "tolerated"
         : verdict == Tolerance::not_tolerated ? "not tolerated"
                                               : "undecided";
}

ResultTable budget_table(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  ResultTable table{"budget", axis_columns(*budgets.front().point), {}};
  const MetricWords words = words_of(budgets);
  const std::string& metric = words.metric().name;
  for (const std::string& column :
       {std::string("knob"), settings.change_column(words.metric()), std::string("drop"),
        std::string("baseline"), words.limit_column(), std::string("tolerated"),
        std::string("not_tolerated"), std::string("estimate"), metric, metric + "_lo",
        metric + "_hi", std::string("values"), std::string("draws"), std::string("images")})
    table.columns.push_back(column);
  for (const FoundBudget& b : budgets) {
    const Estimate a = value_at_budget(b, settings.confidence);
    Cells row = axis_cells(*b.point);
    const Cells cells{settings.find->knob.front(),
                      b.allowance.change,
                      settings.drop_name(),
                      b.start.baseline(),
                      b.search.limit,
                      b.value_at(b.result.tolerated),
                      b.value_at(b.result.not_tolerated),
                      estimate_of(b, settings.find->scale),
                      a.mean,
                      a.lo,
                      a.hi,
                      static_cast<std::int64_t>(b.result.probes.size()),
                      draws_of(b),
                      draws_of(b) * b.start.images};
    row.insert(row.end(), cells.begin(), cells.end());
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable probe_table(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  ResultTable table{"budget_probes", axis_columns(*budgets.front().point), {}};
  const Metric& metric = words_of(budgets).metric();
  for (const std::string& column :
       {settings.change_column(metric), std::string("value"), std::string("draws"), metric.name,
        metric.name + "_lo", metric.name + "_hi", std::string("verdict")})
    table.columns.push_back(column);
  for (const FoundBudget& b : budgets)
    for (const Probe& probe : b.result.probes) {
      const Estimate a = mean_estimate(probe.replicates, settings.confidence);
      Cells row = axis_cells(*b.point);
      const Cells cells{b.allowance.change,
                        b.grid.values[probe.index],
                        probe.replicates.count(),
                        a.mean,
                        a.lo,
                        a.hi,
                        std::string(name_of(probe.verdict))};
      row.insert(row.end(), cells.begin(), cells.end());
      table.rows.push_back(std::move(row));
    }
  return table;
}

ResultTable layer_table(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  ResultTable table{"budget_layers", axis_columns(*budgets.front().point), {}};
  table.columns.push_back(settings.change_column(words_of(budgets).metric()));
  for (const char* column : {"layer", "eta", "snr_dB", "sigma_G_uS", "sigma_G_percent", "bits",
                             "measured_eta", "measured_bias"})
    table.columns.push_back(column);
  for (const FoundBudget& b : budgets) {
    if (!b.at_budget) continue;
    for (const LayerResult& l : b.at_budget->layers) {
      Cells row = axis_cells(*b.point);
      const Cells cells{b.allowance.change, l.layer, l.eta,          l.snr_dB,       l.sigma_G_uS,
                        l.sigma_G_percent,  l.bits,  l.measured_eta, l.measured_bias};
      row.insert(row.end(), cells.begin(), cells.end());
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Row heading(const FoundBudget& b, const BudgetSettings& settings) {
  Row row = axis_headings(*b.point);
  const std::string knob = short_knob(*settings.find);
  const MetricWords metric(b.point->experiment);
  const Row words{settings.heading(metric.metric()),
                  metric.column("baseline"),
                  knob + " tolerated",
                  knob + " not tolerated",
                  "about",
                  metric.column(metric.title() + " there"),
                  "evaluations"};
  row.insert(row.end(), words.begin(), words.end());
  return row;
}

Row answer(const FoundBudget& b, const BudgetSettings& settings) {
  Row row = axis_texts(*b.point);
  const MetricWords words(b.point->experiment);
  const Row cells{settings.text(b.allowance, words),
                  words.text(b.start.baseline()),
                  general(b.value_at(b.result.tolerated)),
                  general(b.value_at(b.result.not_tolerated)),
                  fixed("{:.3g}", estimate_of(b, settings.find->scale)),
                  words.text(value_at_budget(b, settings.confidence)),
                  std::to_string(draws_of(b))};
  row.insert(row.end(), cells.begin(), cells.end());
  return row;
}

TextTable answers(const std::vector<FoundBudget>& budgets, const BudgetSettings& settings) {
  TextTable table{
      fmt::format("{} of {}, {}:",
                  settings.find->tolerate == Tolerate::largest ? "Largest value" : "Fewest",
                  knob_title(*settings.find, budgets.front().point->experiment),
                  settings.max_draws == 1
                      ? "of one draw each, which says nothing of other chips"
                      : fmt::format("{:g} % confidence", 100 * settings.confidence)),
      {heading(budgets.front(), settings)}};
  for (const FoundBudget& b : budgets) table.rows.push_back(answer(b, settings));
  return table;
}

/// What a device engineer reads: the noise of each layer at the budget.
TextTable layer_units(const FoundBudget& b, const BudgetSettings& settings) {
  TextTable table{fmt::format("{}{}: noise of each layer at {} = {:g}",
                              b.point->axes.empty() ? "" : axis_texts(*b.point).front() + ", ",
                              settings.text(b.allowance, MetricWords(b.point->experiment)),
                              short_knob(*settings.find), b.value_at(b.result.tolerated)),
                  {{"layer", "eta", "SNR dB", "sigma_G uS", "% of g_max", "bits", "measured eta"}}};
  for (const LayerResult& l : b.at_budget->layers)
    table.rows.push_back({l.layer, fixed("{:.4f}", l.eta), fixed("{:.1f}", l.snr_dB),
                          fixed("{:.4f}", l.sigma_G_uS), fixed("{:.3f}", l.sigma_G_percent),
                          fixed("{:.2f}", l.bits), fixed("{:.4f}", l.measured_eta)});
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
  result.tables.push_back(answers(budgets, settings));
  for (const FoundBudget& b : budgets) {
    if (b.at_budget) result.tables.push_back(layer_units(b, settings));
    add_notes(b, settings, result);
  }
  result.files = {budget_table(budgets, settings), probe_table(budgets, settings),
                  layer_table(budgets, settings)};
  result.figures.push_back(budget_figure(budgets, settings));
  return result;
}

}  // namespace ohmic
