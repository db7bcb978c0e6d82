#include <fmt/format.h>

#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"

namespace ohmic {
namespace {

ResultTable yield_table(const std::vector<Chips>& all, const BudgetSettings& settings) {
  ResultTable table{"yield", axis_columns(*all.front().point), {}};
  const Metric& metric = all.front().words().metric();
  for (const std::string& column :
       {settings.change_column(metric), std::string("target"), std::string("chips"),
        std::string("good"), std::string("yield"), std::string("yield_lo"), std::string("yield_hi"),
        std::string("baseline"), metric.name, std::string("std_chips"), std::string("worst"),
        std::string("best"), std::string("promised_share"), "promised_" + metric.name})
    table.columns.push_back(column);
  for (const Chips& chips : all)
    for (const Target& target : targets_of(chips, settings)) {
      const Estimate y = yield_of(chips, target.value, settings.confidence);
      const std::vector<Cell> cells{target.change,
                                    target.value,
                                    static_cast<std::int64_t>(chips.values.size()),
                                    good_chips(chips, target.value),
                                    y.mean,
                                    y.lo,
                                    y.hi,
                                    chips.baseline,
                                    mean_estimate(chips.replicates, settings.confidence).mean,
                                    std_between(chips.replicates),
                                    chips.values.front(),
                                    chips.values.back(),
                                    settings.yield->share,
                                    promised(chips, settings).value_or(Estimate::kNone)};
      table.rows.push_back(axis_cells(*chips.point));
      table.rows.back().insert(table.rows.back().end(), cells.begin(), cells.end());
    }
  return table;
}

ResultTable chip_table(const std::vector<Chips>& all) {
  ResultTable table{"yield_chips", axis_columns(*all.front().point), {}};
  table.columns.insert(table.columns.end(), {"chip", all.front().words().metric().name});
  for (const Chips& chips : all)
    for (std::int64_t d = 0; d < chips.replicates.count(); ++d) {
      table.rows.push_back(axis_cells(*chips.point));
      table.rows.back().insert(table.rows.back().end(), {d, chips.replicates.total(d)});
    }
  return table;
}

Row heading(const Chips& chips, const BudgetSettings& settings) {
  Row row = axis_headings(*chips.point);
  const MetricWords metric = chips.words();
  const Row words{metric.column("baseline"),
                  "good from",
                  metric.column("target"),
                  "good chips",
                  "yield %",
                  fmt::format("{:g} % interval", 100 * settings.confidence),
                  metric.column("mean"),
                  metric.column(fmt::format("{:g} % of chips reach", 100 * settings.yield->share))};
  row.insert(row.end(), words.begin(), words.end());
  return row;
}

Row answer(const Chips& chips, const Target& target, const BudgetSettings& settings) {
  const Estimate y = yield_of(chips, target.value, settings.confidence);
  const auto reached = promised(chips, settings);
  const MetricWords words = chips.words();
  Row row = axis_texts(*chips.point);
  const Row cells{words.text(chips.baseline),
                  target.text,
                  words.text(target.value),
                  fmt::format("{} of {}", good_chips(chips, target.value), chips.values.size()),
                  percent_text(y.mean),
                  fmt::format("{:.2f} to {:.2f}", 100 * y.lo, 100 * y.hi),
                  words.text(mean_estimate(chips.replicates, settings.confidence)),
                  reached ? words.text(*reached) : "too few chips"};
  row.insert(row.end(), cells.begin(), cells.end());
  return row;
}

TextTable answers(const std::vector<Chips>& all, const BudgetSettings& settings) {
  TextTable table{"", {heading(all.front(), settings)}};
  for (const Chips& chips : all)
    for (const Target& target : targets_of(chips, settings))
      table.rows.push_back(answer(chips, target, settings));
  return table;
}

/// A sentence where no chip differs from another; else empty.
std::string same_chips_note(const Chips& chips) {
  if (chips.values.front() != chips.values.back()) return {};
  return fmt::format(
      "{}: all {} chips measure the same: nothing here differs from chip to chip, or nothing that "
      "these samples show, so that a yield says nothing.",
      point_title(*chips.point), chips.values.size());
}

std::string target_color(std::size_t index, std::size_t count) {
  return index == 0 ? kNoisy : color_of(index, count);
}

/// Share of the chips that reach a value of the metric, against the value.
Figure yield_figure(const std::vector<Chips>& all, const BudgetSettings& settings) {
  const double factor = all.front().words().factor();
  Panel panel{"", {all.front().words().axis()}, {"chips that reach it (%)"}};
  panel.y.low = 0;
  panel.y.high = 103;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<double>& values = all[i].values;
    const auto count = static_cast<double>(values.size());
    Series series{
        point_title(*all[i].point), {color_of(i, all.size()), 0, true, false, Joint::up_first}, {}};
    for (std::size_t chip = 0; chip < values.size(); ++chip)
      if (std::isfinite(values[chip]))
        series.data.push_back({factor * values[chip], 100 * (count - double(chip)) / count});
    const std::vector<Target> targets = targets_of(all[i], settings);
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const bool alone = all.size() == 1;
      panel.levels.push_back({factor * targets[t].value, true,
                              alone ? "target: " + targets[t].text : "targets, in its colour",
                              alone ? target_color(t, targets.size()) : series.style.color});
    }
    panel.series.push_back(std::move(series));
  }
  Plot plot{"yield", "", {panel}};
  plot.panel_width = 560;
  plot.panel_height = 400;
  return figure_of(plot);
}

}  // namespace

AnalysisResult yield_result(const std::vector<Chips>& all, const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Yield";
  result.tables = {answers(all, settings)};
  result.notes = {fmt::format(
      "A chip is one draw on these test images. The last column holds with {:g} % confidence for "
      "any distribution of chips.",
      100 * settings.confidence)};
  for (const Chips& chips : all)
    if (std::string same = same_chips_note(chips); !same.empty())
      result.notes.push_back(std::move(same));
  result.files = {yield_table(all, settings), chip_table(all)};
  result.figures = {yield_figure(all, settings)};
  return result;
}

}  // namespace ohmic
