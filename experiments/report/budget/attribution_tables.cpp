#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"

namespace ohmic {
namespace {

void add_cells(std::vector<Cell>& row, const Estimate& e) {
  row.insert(row.end(), {e.mean, e.lo, e.hi});
}

ResultTable source_table(const std::vector<Attribution>& all, const BudgetSettings& settings) {
  ResultTable table{"attribution", axis_columns(*all.front().point), {}};
  for (const char* column :
       {"source", "draws", "baseline", "alone", "alone_lo", "alone_hi", "last", "last_lo",
        "last_hi", "share", "share_lo", "share_hi", "share_of_loss"})
    table.columns.push_back(column);
  for (const Attribution& a : all)
    for (int s = 0; s < a.count(); ++s) {
      const SourceLoss loss = loss_of(a, s, settings);
      std::vector<Cell> row = axis_cells(*a.point);
      row.push_back(a.sources[static_cast<std::size_t>(s)].name);
      row.push_back(settings.attribution->draws);
      row.push_back(a.baseline);
      for (const Estimate& e : {loss.alone, loss.last, loss.share}) add_cells(row, e);
      row.push_back(loss.share.mean / total_of(a, settings.confidence).mean);
      table.rows.push_back(std::move(row));
    }
  return table;
}

/// The metric of every combination: a 0 or 1 per source.
ResultTable combination_table(const std::vector<Attribution>& all, const BudgetSettings& settings) {
  ResultTable table{"attribution_combinations", axis_columns(*all.front().point), {}};
  const std::string& metric = all.front().words().metric().name;
  for (const std::string& column :
       {std::string("on"), std::string("draws"), metric, metric + "_lo", metric + "_hi"})
    table.columns.push_back(column);
  for (const Attribution& a : all)
    for (const auto& [combination, replicates] : a.measured) {
      std::vector<Source> on;
      for (std::size_t s = 0; s < a.sources.size(); ++s)
        if (combination >> s & 1) on.push_back(a.sources[s]);
      std::vector<Cell> row = axis_cells(*a.point);
      row.insert(row.end(), {names_of(on), replicates.count()});
      add_cells(row, mean_estimate(replicates, settings.confidence));
      table.rows.push_back(std::move(row));
    }
  return table;
}

ResultTable interaction_table(const std::vector<Attribution>& all, const BudgetSettings& settings) {
  ResultTable table{"attribution_interactions", axis_columns(*all.front().point), {}};
  for (const char* column : {"source", "other", "loss", "loss_lo", "loss_hi"})
    table.columns.push_back(column);
  for (const Attribution& a : all)
    for (int s = 0; s < a.count(); ++s)
      for (int t = s + 1; t < a.count(); ++t) {
        std::vector<Cell> row = axis_cells(*a.point);
        row.push_back(a.sources[static_cast<std::size_t>(s)].name);
        row.push_back(a.sources[static_cast<std::size_t>(t)].name);
        add_cells(row, loss_estimate(interaction(s, t, a.count()), a, settings.confidence));
        table.rows.push_back(std::move(row));
      }
  return table;
}

Row losses_row(const std::string& source, const MetricWords& words, const SourceLoss& loss,
               double total) {
  const bool has_share = !std::isnan(loss.share.mean) && total > 0;
  return {source, words.text(loss.alone), words.text(loss.last), words.text(loss.share),
          has_share ? fmt::format("{:.0f}", 100 * loss.share.mean / total) : ""};
}

TextTable answers(const Attribution& a, const BudgetSettings& settings) {
  const Estimate total = total_of(a, settings.confidence);
  const Row axes = axis_texts(*a.point);
  const MetricWords words = a.words();
  TextTable table{
      fmt::format("{}baseline {}, {} with every source off, {} with all on; losses in {}:",
                  axes.empty() ? "" : fmt::format("{}: ", fmt::join(axes, ", ")),
                  words.text_with_unit(a.baseline), words.text_with_unit(without_sources(a)),
                  words.text_with_unit(without_sources(a) - a.sign() * total.mean),
                  words.metric().has_normalized ? "points" : words.loss_unit()),
      {{"source", "alone", "given back when off", "share", "% of the loss"}}};
  for (int s = 0; s < a.count(); ++s)
    table.rows.push_back(losses_row(a.sources[static_cast<std::size_t>(s)].name, words,
                                    loss_of(a, s, settings), total.mean));
  table.rows.push_back({"all", words.text(total), words.text(total), words.text(total), ""});
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
  result.files = {source_table(all, settings), combination_table(all, settings)};
  if (design == Design::full) result.files.push_back(interaction_table(all, settings));
  result.figures = {attribution_figure(all, settings)};
  return result;
}

}  // namespace ohmic
