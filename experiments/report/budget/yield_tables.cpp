#include <fmt/format.h>

#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"

namespace ohmic {
namespace {

DataTable answers(const std::vector<Chips>& all, const BudgetSettings& settings) {
  const MetricWords words = all.front().words();
  const Digits digits = words.digits();
  const std::string& metric = words.metric().name;
  DataTable table{"yield", "", axis_columns(*all.front().point)};
  table.append(
      {titled(words.column("baseline"), digits),
       {settings.change_column(words.metric()), "good from"},
       {"target", words.column("target"), digits},
       {"chips"},
       {"good", "good chips"},
       with_interval("yield", "yield %"),
       titled(fmt::format("{:g} % interval", 100 * settings.confidence)),
       {"baseline"},
       {metric, words.column("mean"), digits},
       {"std_chips"},
       {"worst"},
       {"best"},
       {"promised_share"},
       {"promised_" + metric,
        words.column(fmt::format("{:g} % of chips reach", 100 * settings.yield->share)), digits}});
  for (const Chips& chips : all)
    for (const Target& target : targets_of(chips, settings)) {
      const Estimate y = yield_of(chips, target.value, settings.confidence);
      const std::int64_t good = good_chips(chips, target.value);
      const auto reached = promised(chips, settings);
      table.add(axis_cells(*chips.point),
                {chips.baseline,
                 {target.change, target.text},
                 target.value,
                 chips.values.size(),
                 {good, fmt::format("{} of {}", good, chips.values.size())},
                 {y, kPercent.text(y.mean)},
                 fmt::format("{:.2f} to {:.2f}", 100 * y.lo, 100 * y.hi),
                 chips.baseline,
                 mean_estimate(chips.replicates, settings.confidence),
                 std_between(chips.replicates),
                 chips.values.front(),
                 chips.values.back(),
                 settings.yield->share,
                 reached ? Cell(*reached) : Cell(Estimate::kNone, "too few chips")});
    }
  return table;
}

DataTable chip_table(const std::vector<Chips>& all) {
  DataTable table{"yield_chips", "", axis_keys(*all.front().point)};
  table.append({{"chip"}, {all.front().words().metric().name}});
  for (const Chips& chips : all)
    for (std::int64_t d = 0; d < chips.replicates.count(); ++d)
      table.add(axis_cells(*chips.point), {d, chips.replicates.total(d)});
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
  result.tables = {answers(all, settings), chip_table(all)};
  result.notes = {fmt::format(
      "A chip is one draw on these test images. The last column holds with {:g} % confidence for "
      "any distribution of chips.",
      100 * settings.confidence)};
  for (const Chips& chips : all)
    if (std::string same = same_chips_note(chips); !same.empty())
      result.notes.push_back(std::move(same));
  result.figures = {yield_figure(all, settings)};
  return result;
}

}  // namespace ohmic
