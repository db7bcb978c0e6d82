#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"

namespace ohmic {
namespace {

constexpr Digits kShare = Digits::general(3);

/// "4.1e-05"; of a share that nobody saw its upper end.
std::string share_text(const Estimate& share) {
  if (share.mean > 0) return kShare.text(share.mean);
  if (share.hi == 0) return "0";
  return std::isnan(share.hi) ? "none seen" : "below " + kShare.text(share.hi);
}

std::string interval_text(const Estimate& share) {
  if (std::isnan(share.hi) || share.hi == 0) return "";
  return fmt::format("{:.2g} to {:.2g}", share.lo, share.hi);
}

/// To two digits: "540000".
Cell in_round_numbers(double count) {
  if (!std::isfinite(count)) return {count, "unknown"};
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(count)) - 1));
  return {count, fmt::format("{:.0f}", unit * std::round(count / unit))};
}

DataTable answers(const std::vector<RareChips>& all, const BudgetSettings& settings) {
  const MetricWords words = all.front().words();
  const std::string level = fmt::format("{:g} % interval", 100 * settings.confidence);
  DataTable table{"rare", "", axis_columns(*all.front().point)};
  table.append({titled(words.column("baseline"), words.digits()),
                {settings.change_column(words.metric()), "good from"},
                {"target", words.column("target"), words.digits()},
                {"baseline"},
                with_interval("share", "share of worse chips"),
                titled(level),
                {"chips", "chips"},
                {"plain_chips", "plain chips for it"},
                {"plain_draws"},
                {"plain_worse", "of plain ones"},
                with_interval("plain_share"),
                titled("their " + level),
                {"levels"},
                {"least_accepted"},
                {"excess"}});
  for (const RareChips& chips : all)
    for (const Target& target : chips.targets(settings)) {
      const Estimate share = chips.share_missing(target.value, settings.confidence),
                     plain = chips.plain_share(target.value, settings.confidence);
      const std::int64_t worse = chips.plain_missing(target.value);
      table.add(axis_cells(*chips.point),
                {chips.baseline,
                 {target.change, target.text},
                 target.value,
                 chips.baseline,
                 {share, share_text(share)},
                 interval_text(share),
                 chips.found.evaluations,
                 in_round_numbers(plain_draws_for(share, settings.confidence)),
                 std::ssize(chips.plain),
                 {worse, fmt::format("{} of {}", worse, chips.plain.size())},
                 plain,
                 interval_text(plain),
                 std::ssize(chips.found.levels),
                 chips.found.least_accepted(),
                 chips.found.excess(chips.beyond(target.value))});
    }
  return table;
}

DataTable level_table(const std::vector<RareChips>& all, const BudgetSettings& settings) {
  const MetricWords words = all.front().words();
  DataTable table{"rare_levels", "Level by level:", axis_columns(*all.front().point)};
  table.append({{"level", "level"},
                {words.metric().name, words.column("worse than"), words.digits()},
                with_interval("share", "share of chips"),
                titled(fmt::format("{:g} % interval", 100 * settings.confidence)),
                {"kept", "kept by a move", Digits::fixed(2)},
                {"accepted", "moves accepted %", Digits::fixed(0, 100)}});
  for (const RareChips& chips : all)
    for (std::size_t l = 0; l < chips.found.levels.size(); ++l) {
      const SplittingLevel& level = chips.found.levels[l];
      const Estimate share = chips.found.share_above(level.above, settings.confidence);
      table.add(axis_cells(*chips.point),
                {l + 1, -chips.sign() * level.above, Cell(share, share_text(share)),
                 interval_text(share), level.kept, chips.found.accepted_at(l + 1)});
    }
  return table;
}

/// Values between the population's, from the middle of plain chips to the worst of all, each with
/// the share of chips beyond it.
std::vector<double> values_of(const RareChips& chips) {
  constexpr std::size_t kMost = 60;
  std::set<double> seen;
  for (const Splitting& run : chips.found.repetitions)
    for (const SplittingStage& stage : run.stages)
      for (const double b : stage.badness)
        if (std::isfinite(b)) seen.insert(b);
  const std::vector<double> sorted(seen.begin(), seen.end());
  std::vector<double> between;
  for (std::size_t i = 1; i < sorted.size(); ++i)
    between.push_back(std::midpoint(sorted[i - 1], sorted[i]));
  if (between.size() <= kMost) return between;
  const double step = (between.back() - between.front()) / static_cast<double>(kMost);
  std::vector<double> grid;
  for (std::size_t i = 0; i < kMost; ++i)
    grid.push_back(between.front() + (static_cast<double>(i) + 0.5) * step);
  return grid;
}

struct TailPoint {
  double value;  ///< of the metric
  Estimate share, plain;
  std::int64_t seen;  ///< repetitions with such a chip
};

std::vector<TailPoint> tail_of(const RareChips& chips, double confidence) {
  std::vector<TailPoint> tail;
  for (const double b : values_of(chips)) {
    const double value = -chips.sign() * b;
    tail.push_back({value, chips.found.share_above(b, confidence),
                    chips.plain_share(value, confidence),
                    std::ssize(chips.found.repetitions) - chips.found.without(b)});
  }
  return tail;
}

DataTable tail_table(const std::vector<RareChips>& all, const BudgetSettings& settings) {
  DataTable table{"rare_tail", "", axis_keys(*all.front().point)};
  table.append({{all.front().words().metric().name},
                with_interval("share"),
                {"seen_by"},
                {"plain_draws"},
                with_interval("plain_share")});
  for (const RareChips& chips : all)
    for (const TailPoint& point : tail_of(chips, settings.confidence))
      table.add(axis_cells(*chips.point),
                {point.value, point.share, point.seen, std::ssize(chips.plain), point.plain});
  return table;
}

DataTable repetition_table(const std::vector<RareChips>& all, const BudgetSettings& settings) {
  DataTable table{"rare_repetitions", "", axis_keys(*all.front().point)};
  table.append({{"target"}, {"repetition"}, {"share"}});
  for (const RareChips& chips : all)
    for (const Target& target : chips.targets(settings))
      for (std::size_t r = 0; r < chips.found.repetitions.size(); ++r)
        table.add(axis_cells(*chips.point),
                  {target.value, r + 1,
                   chips.found.repetitions[r].share_above(chips.beyond(target.value))});
  return table;
}

// --- figure ---

/// On a logarithmic axis, where an interval from 0 has no lower end.
Datum on_log(double x, const Estimate& share) {
  if (!(share.mean > 0)) return {x};
  return {x, share.mean, share.lo > 0 ? share.lo : Estimate::kNone,
          share.lo > 0 ? share.hi : Estimate::kNone};
}

/// As far as every repetition saw such chips.
Panel tail_panel(const RareChips& chips, const BudgetSettings& settings) {
  const MetricWords words = chips.words();
  Panel panel{point_title(*chips.point), {words.axis()}, {"share of chips that are worse"}};
  panel.y.logarithmic = true;
  Series split{"by splitting", {kNoisy, marker_of(0), true}, {}},
      plain{fmt::format("{} plain draws", chips.plain.size()), {kFaint, marker_of(1)}, {}};
  for (const TailPoint& point : tail_of(chips, settings.confidence)) {
    const double x = words.factor() * point.value;
    if (point.seen < settings.rare->repetitions) break;
    split.data.push_back(on_log(x, point.share));
    plain.data.push_back(on_log(x, point.plain));
  }
  panel.series = {std::move(split), std::move(plain)};
  const std::vector<Target> targets = chips.targets(settings);
  for (std::size_t t = 0; t < targets.size(); ++t)
    panel.levels.push_back({words.factor() * targets[t].value, true, targets[t].text,
                            t == 0 ? kInk : color_of(t, targets.size())});
  return panel;
}

Figure rare_figure(const std::vector<RareChips>& all, const BudgetSettings& settings) {
  Plot plot{"rare", "", {}};
  plot.panel_width = 520;
  plot.panel_height = 380;
  plot.most_columns = 2;
  for (const RareChips& chips : all)
    if (Panel panel = tail_panel(chips, settings); !panel.series.front().data.empty())
      plot.panels.push_back(std::move(panel));
  return figure_of(plot);
}

}  // namespace

AnalysisResult rare_result(const std::vector<RareChips>& all, const BudgetSettings& settings) {
  const RareSettings& asked = *settings.rare;
  AnalysisResult result;
  result.heading = "Rare chips";
  result.tables = {answers(all, settings), level_table(all, settings), tail_table(all, settings),
                   repetition_table(all, settings)};
  result.notes = {
      fmt::format("A chip is one draw on these test images. Shares are the mean of {} independent "
                  "repetitions of multilevel splitting, each unbiased at the values asked for; the "
                  "{:g} % interval comes from the spread of their logarithms.",
                  asked.repetitions, 100 * settings.confidence),
      "Plain chips for it: as many draws would give an interval as narrow. The plain draws counted "
      "beside are those that the pilot and the repetitions begin with."};
  for (const RareChips& chips : all)
    for (const std::string& doubt : doubts_of(chips, settings))
      result.notes.push_back(all.size() == 1 ? doubt : point_title(*chips.point) + ": " + doubt);
  const auto differ = [&](const RareChips& chips) { return !values_of(chips).empty(); };
  if (std::ranges::any_of(all, differ)) result.figures = {rare_figure(all, settings)};
  return result;
}

}  // namespace ohmic
