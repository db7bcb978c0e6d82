// [budget.yield]: every draw is one chip; how many of them are good enough?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/budget/analysis.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/run/setup.hpp"
#include "experiments/statistics/proportion.hpp"

namespace ohmic {
namespace {

/// The chips of one point.
struct Chips {
  const Point* point;
  double baseline;
  Replicates replicates;
  std::vector<double> accuracies;  ///< ascending
};

/// What a good chip must reach.
struct Target {
  std::string text;
  double max_drop;  ///< NaN: given as an accuracy
  double accuracy;
};

bool is_asked(const BudgetSettings& settings) { return settings.yield.has_value(); }

void check(const BudgetRequest& request, std::vector<Fault>& faults) {
  for (const Point& point : request.points)
    if (point.experiment.evaluation.estimator != Estimator::per_draw) {
      faults.push_back(request.fault(
          "yield", "needs chips that see all images; expected evaluation.estimator \"per_draw\""));
      return;
    }
}

Chips measure(AnalysisContext& context, const Point& point) {
  const std::int64_t draws = context.request.settings.yield->draws;
  const PointResult result =
      context.evaluations.measure(point.experiment, draws, point_label(point) + ", chips");
  Chips chips{&point, result.baseline(), result.replicates(), {}};
  for (std::int64_t d = 0; d < draws; ++d) chips.accuracies.push_back(chips.replicates.total(d));
  std::sort(chips.accuracies.begin(), chips.accuracies.end());
  return chips;
}

std::vector<Target> targets_of(const Chips& chips, const BudgetSettings& settings) {
  if (const auto target = settings.yield->target)
    return {{fmt::format("{:g} %", 100 * *target), Estimate::kNone, *target}};
  std::vector<Target> targets;
  for (const double drop : settings.max_drop)
    targets.push_back({"loss of " + settings.drop_text(drop), drop,
                       chips.baseline - settings.allowed_loss(drop, chips.baseline)});
  return targets;
}

std::int64_t good_chips(const Chips& chips, double target) {
  constexpr double kRounding = 1e-12;  // of fractions of images
  return chips.accuracies.end() -
         std::lower_bound(chips.accuracies.begin(), chips.accuracies.end(), target - kRounding);
}

Estimate yield_of(const Chips& chips, double target, double confidence) {
  return proportion_estimate(good_chips(chips, target),
                             static_cast<std::int64_t>(chips.accuracies.size()), confidence);
}

ResultTable yield_table(const std::vector<Chips>& all, const BudgetSettings& settings) {
  ResultTable table{"yield", axis_columns(*all.front().point), {}};
  for (const char* column :
       {"max_drop", "target", "chips", "good", "yield", "yield_lo", "yield_hi", "baseline",
        "accuracy", "std_chips", "worst", "best", "promised_share", "promised_accuracy"})
    table.columns.push_back(column);
  for (const Chips& chips : all)
    for (const Target& target : targets_of(chips, settings)) {
      const Estimate y = yield_of(chips, target.accuracy, settings.confidence);
      const std::vector<Cell> cells{
          target.max_drop,
          target.accuracy,
          static_cast<std::int64_t>(chips.accuracies.size()),
          good_chips(chips, target.accuracy),
          y.mean,
          y.lo,
          y.hi,
          chips.baseline,
          mean_estimate(chips.replicates, settings.confidence).mean,
          std_between(chips.replicates),
          chips.accuracies.front(),
          chips.accuracies.back(),
          settings.yield->share,
          reached_by_share(chips.accuracies, settings.yield->share, settings.confidence)
              .value_or(Estimate::kNone)};
      table.rows.push_back(axis_cells(*chips.point));
      table.rows.back().insert(table.rows.back().end(), cells.begin(), cells.end());
    }
  return table;
}

ResultTable chip_table(const std::vector<Chips>& all) {
  ResultTable table{"yield_chips", axis_columns(*all.front().point), {}};
  table.columns.insert(table.columns.end(), {"chip", "accuracy"});
  for (const Chips& chips : all)
    for (std::int64_t d = 0; d < chips.replicates.count(); ++d) {
      table.rows.push_back(axis_cells(*chips.point));
      table.rows.back().insert(table.rows.back().end(), {d, chips.replicates.total(d)});
    }
  return table;
}

Row heading(const Chips& chips, const BudgetSettings& settings) {
  Row row = axis_headings(*chips.point);
  const Row words{
      "baseline %", "good from",
      "target %",   "good chips",
      "yield %",    fmt::format("{:g} % interval", 100 * settings.confidence),
      "mean %",     fmt::format("{:g} % of chips reach %", 100 * settings.yield->share)};
  row.insert(row.end(), words.begin(), words.end());
  return row;
}

Row answer(const Chips& chips, const Target& target, const BudgetSettings& settings) {
  const Estimate y = yield_of(chips, target.accuracy, settings.confidence);
  const auto promised =
      reached_by_share(chips.accuracies, settings.yield->share, settings.confidence);
  Row row = axis_texts(*chips.point);
  const Row cells{
      percent_text(chips.baseline),
      target.text,
      percent_text(target.accuracy),
      fmt::format("{} of {}", good_chips(chips, target.accuracy), chips.accuracies.size()),
      percent_text(y.mean),
      fmt::format("{:.2f} to {:.2f}", 100 * y.lo, 100 * y.hi),
      percent_text(mean_estimate(chips.replicates, settings.confidence)),
      promised ? percent_text(*promised) : "too few chips"};
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

std::string target_color(std::size_t index, std::size_t count) {
  return index == 0 ? kNoisy : color_of(index, count);
}

/// Share of the chips that reach an accuracy, against the accuracy.
Figure yield_figure(const std::vector<Chips>& all, const BudgetSettings& settings) {
  Panel panel{"", {"accuracy (%)"}, {"chips that reach it (%)"}};
  panel.y.low = 0;
  panel.y.high = 103;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<double>& accuracies = all[i].accuracies;
    const auto count = static_cast<double>(accuracies.size());
    Series series{
        point_title(*all[i].point), {color_of(i, all.size()), 0, true, false, Joint::up_first}, {}};
    for (std::size_t chip = 0; chip < accuracies.size(); ++chip)
      series.data.push_back({100 * accuracies[chip], 100 * (count - double(chip)) / count});
    const std::vector<Target> targets = targets_of(all[i], settings);
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const bool alone = all.size() == 1;
      panel.levels.push_back({100 * targets[t].accuracy, true,
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

AnalysisResult run(AnalysisContext& context) {
  const BudgetSettings& settings = context.request.settings;
  std::vector<Chips> all;
  for (const Point& point : context.request.points) all.push_back(measure(context, point));
  AnalysisResult result;
  result.heading = "Yield";
  result.tables = {answers(all, settings)};
  result.notes = {fmt::format(
      "A chip is one draw on these test images. The last column holds with {:g} % confidence for "
      "any distribution of chips.",
      100 * settings.confidence)};
  result.files = {yield_table(all, settings), chip_table(all)};
  result.figures = {yield_figure(all, settings)};
  return result;
}

}  // namespace

Analysis yield_analysis() { return {is_asked, check, run}; }

}  // namespace ohmic
