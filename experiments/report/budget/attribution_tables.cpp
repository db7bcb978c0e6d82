#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"

namespace ohmic {
namespace {

DataTable answers(const Attribution& a, const BudgetSettings& settings) {
  const Estimate total = total_of(a, settings.confidence);
  const MetricWords words = a.words();
  const Digits digits = words.digits();
  std::vector<std::string> axes;
  for (const Cell& cell : axis_cells(*a.point)) axes.push_back(*cell.shown);
  DataTable table{
      "attribution",
      fmt::format("{}baseline {}, {} with every source off, {} with all on; losses in {}:",
                  axes.empty() ? "" : fmt::format("{}: ", fmt::join(axes, ", ")),
                  words.text_with_unit(a.baseline), words.text_with_unit(without_sources(a)),
                  words.text_with_unit(without_sources(a) - a.sign() * total.mean),
                  words.metric().has_normalized ? "points" : words.loss_unit()),
      axis_keys(*a.point)};
  table.append({{"source", "source"},
                {"draws"},
                {"baseline"},
                with_interval("alone", "alone", digits),
                with_interval("last", "given back when off", digits),
                with_interval("share", "share", digits),
                {"share_of_loss", "% of the loss", Digits::fixed(0, 100)}});
  for (int s = 0; s < a.count(); ++s) {
    const SourceLoss loss = loss_of(a, s, settings);
    const double part = loss.share.mean / total.mean;
    table.add(axis_cells(*a.point),
              {a.sources[static_cast<std::size_t>(s)].name, settings.attribution->draws, a.baseline,
               loss.alone, loss.last, loss.share, total.mean > 0 ? Cell(part) : Cell(part, "")});
  }
  table.add(axis_cells(*a.point), {"all", {}, {}, total, total, total}, "total");
  return table;
}

/// The metric of every combination: a 0 or 1 per source.
DataTable combination_table(const std::vector<Attribution>& all, const BudgetSettings& settings) {
  DataTable table{"attribution_combinations", "", axis_keys(*all.front().point)};
  table.append({{"on"}, {"draws"}, with_interval(all.front().words().metric().name)});
  for (const Attribution& a : all)
    for (const auto& [combination, replicates] : a.measured) {
      std::vector<Source> on;
      for (std::size_t s = 0; s < a.sources.size(); ++s)
        if (combination >> s & 1) on.push_back(a.sources[s]);
      table.add(axis_cells(*a.point),
                {names_of(on), replicates.count(), mean_estimate(replicates, settings.confidence)});
    }
  return table;
}

DataTable interaction_table(const std::vector<Attribution>& all, const BudgetSettings& settings) {
  DataTable table{"attribution_interactions", "", axis_keys(*all.front().point)};
  table.append({{"source"}, {"other"}, with_interval("loss")});
  for (const Attribution& a : all)
    for (int s = 0; s < a.count(); ++s)
      for (int t = s + 1; t < a.count(); ++t)
        table.add(axis_cells(*a.point),
                  {a.sources[static_cast<std::size_t>(s)].name,
                   a.sources[static_cast<std::size_t>(t)].name,
                   loss_estimate(interaction(s, t, a.count()), a, settings.confidence)});
  return table;
}

/// Designs leave some kinds of loss unknown: those have no bars.
Panel attribution_panel(const Attribution& a, const BudgetSettings& settings) {
  const std::pair<Estimate SourceLoss::*, Series> kinds[] = {
      {&SourceLoss::alone, {"lost with this source alone", {kAlone}, {}}},
      {&SourceLoss::last, {"regained without it", {kGivenBack}, {}}},
      {&SourceLoss::share, {"its share of the loss", {kShare}, {}}}};
  const SourceLoss first = loss_of(a, 0, settings);
  const auto known = std::count_if(std::begin(kinds), std::end(kinds), [&](const auto& kind) {
    return !std::isnan((first.*kind.first).mean);
  });
  const double width = 0.8 / static_cast<double>(known);
  std::vector<std::string> names;
  for (const Source& source : a.sources) names.push_back(source.name);
  Panel panel{point_title(*a.point), named_axis("source of error", names), {a.words().loss_axis()}};
  for (auto [loss, series] : kinds) {
    if (std::isnan((first.*loss).mean)) continue;
    const double shift = width * (double(panel.series.size()) - 0.5 * double(known - 1));
    series.style.bar = 0.94 * width;
    for (int s = 0; s < a.count(); ++s)
      series.data.push_back(datum(s + shift, loss_of(a, s, settings).*loss, a.words().factor()));
    panel.series.push_back(std::move(series));
  }
  return panel;
}

Figure attribution_figure(const std::vector<Attribution>& all, const BudgetSettings& settings) {
  Plot plot{"attribution", "", {}};
  plot.most_columns = 2;
  for (const Attribution& a : all) {
    plot.panels.push_back(attribution_panel(a, settings));
    plot.panel_width = std::max(plot.panel_width, bar_width(2 * a.sources.size()));
  }
  return figure_of(plot);
}

std::string explanation(Design design) {
  const std::string intervals =
      "Intervals are of each number by itself, over draws that all "
      "combinations share.";
  if (design == Design::full)
    return "A share is the loss a source adds, averaged over all orders of switching sources on "
           "(Shapley value); shares add up. " +
           intervals;
  if (design == Design::half)
    return "A share is the mean loss with the source on less that with it off, over half of all "
           "combinations. " +
           intervals;
  return intervals;
}

}  // namespace

AnalysisResult attribution_result(const std::vector<Attribution>& all,
                                  const BudgetSettings& settings) {
  const Design design = settings.attribution->design;
  AnalysisResult result;
  result.heading = "Attribution";
  for (const Attribution& a : all) result.tables.push_back(answers(a, settings));
  result.notes = {explanation(design)};
  result.tables.push_back(combination_table(all, settings));
  if (design == Design::full) result.tables.push_back(interaction_table(all, settings));
  result.figures = {attribution_figure(all, settings)};
  return result;
}

}  // namespace ohmic
