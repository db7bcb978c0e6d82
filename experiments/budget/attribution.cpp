// [budget.attribution]: which share of the loss comes from which source.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/factorial.hpp"
#include "experiments/budget/sources.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/run/setup.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostSources = 8;  // 256 combinations

/// What one point's combinations measured.
struct Attribution {
  const Point* point;
  std::vector<Source> sources;
  double baseline;
  std::map<Combination, Replicates> measured;

  int count() const { return static_cast<int>(sources.size()); }
  MetricWords words() const { return MetricWords(point->experiment); }
  /// Losses are positive where answers get worse.
  double sign() const { return words().metric().sign(); }
};

/// Losses of one source.
struct SourceLoss {
  Estimate alone, last, share;
};

bool is_asked(const BudgetSettings& settings) { return settings.attribution.has_value(); }

/// The sources of a point that are asked for.
std::vector<Source> asked_sources(const Point& point, const AttributionSettings& settings) {
  std::vector<Source> sources = sources_of(point.experiment);
  std::erase_if(sources, [&](const Source& source) {
    return !settings.sources.empty() &&
           std::count(settings.sources.begin(), settings.sources.end(), source.name) == 0;
  });
  return sources;
}

std::string names(const std::vector<Source>& sources) {
  std::vector<std::string> words;
  for (const Source& source : sources) words.push_back(source.name);
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

void check_point(const BudgetRequest& request, const Point& point, std::vector<Fault>& faults) {
  const AttributionSettings& settings = *request.settings.attribution;
  const std::vector<Source> sources = asked_sources(point, settings);
  for (const std::string& name : settings.sources)
    if (std::none_of(sources.begin(), sources.end(),
                     [&](const Source& source) { return source.name == name; }))
      faults.push_back(request.fault(
          "attribution.sources", fmt::format("\"{}\" is no source of this experiment; it has {}",
                                             name, names(sources_of(point.experiment)))));
  if (!point.experiment.layer_devices.empty())
    faults.push_back(request.fault(
        "attribution", "switches sources of all layers alike: leave [device.layers] out"));
  if (sources.empty() && settings.sources.empty())
    faults.push_back(request.fault("attribution", "this experiment has no source of error"));
  if (settings.design == Design::half && sources.size() < 3)
    faults.push_back(request.fault("attribution.design",
                                   "\"half\" needs 3 sources at least; expected \"full\""));
  if (sources.size() > kMostSources)
    faults.push_back(request.fault("attribution.sources",
                                   fmt::format("expected at most {} sources", kMostSources)));
}

void check(const BudgetRequest& request, std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  for (const Point& point : request.points)
    if (faults.size() == before) check_point(request, point, faults);
}

Experiment with_sources(const Experiment& experiment, const std::vector<Source>& sources,
                        Combination on) {
  KeyValues off;
  for (std::size_t s = 0; s < sources.size(); ++s)
    if ((on >> s & 1) == 0) off.insert(off.end(), sources[s].off.begin(), sources[s].off.end());
  return with_keys(experiment, off);
}

Attribution measure(AnalysisContext& context, const Point& point) {
  const AttributionSettings& settings = *context.request.settings.attribution;
  Attribution a{&point, asked_sources(point, settings), 0, {}};
  const std::vector<Combination> all = combinations(settings.design, a.count());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PointResult result = context.evaluations.measure(
        with_sources(point.experiment, a.sources, all[i]), settings.draws,
        fmt::format("{}, combination {}/{}", point_label(point), i + 1, all.size()));
    a.baseline = result.baseline();
    a.measured[all[i]] = result.replicates();
  }
  return a;
}

/// Of a contrast of goodness: where lower is better, of the metric with the other sign.
Estimate loss_estimate(Contrast contrast, const Attribution& a, double confidence) {
  for (auto& [combination, weight] : contrast) weight *= a.sign();
  return contrast_estimate(contrast, a.measured, confidence);
}

SourceLoss loss_of(const Attribution& a, int source, const BudgetSettings& settings) {
  const auto estimate = [&](const Contrast& contrast) {
    return loss_estimate(contrast, a, settings.confidence);
  };
  return {estimate(loss_alone(source)), estimate(loss_last(source, a.count())),
          estimate(loss_share(settings.attribution->design, source, a.count()))};
}

Estimate total_of(const Attribution& a, double confidence) {
  return loss_estimate(total_loss(a.count()), a, confidence);
}

/// The metric with every source off.
double without_sources(const Attribution& a) { return mean_estimate(a.measured.at(0), 0.95).mean; }

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
      row.insert(row.end(), {names(on), replicates.count()});
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

AnalysisResult run(AnalysisContext& context) {
  const BudgetSettings& settings = context.request.settings;
  const Design design = settings.attribution->design;
  std::vector<Attribution> all;
  for (const Point& point : context.request.points) all.push_back(measure(context, point));
  AnalysisResult result;
  result.heading = "Attribution";
  for (const Attribution& a : all) result.tables.push_back(answers(a, settings));
  result.notes = {explanation(design)};
  result.files = {source_table(all, settings), combination_table(all, settings)};
  if (design == Design::full) result.files.push_back(interaction_table(all, settings));
  result.figures = {attribution_figure(all, settings)};
  return result;
}

}  // namespace

Analysis attribution_analysis() { return {is_asked, check, run}; }

}  // namespace ohmic
