#include <fmt/format.h>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"

namespace ohmic {
namespace {

DataTable step_table(const ProtectedLayers& found, const BudgetSettings& settings) {
  const MetricWords words(found.point->experiment);
  const Digits digits = words.digits();
  DataTable table{
      "protection",
      fmt::format("{}: baseline {}, {} mapped without noise; each line holds one layer more "
                  "exactly, {:g} % intervals over {} fresh draws:",
                  point_title(*found.point), words.text_with_unit(found.baseline),
                  words.text_with_unit(found.noise_free), 100 * settings.confidence,
                  settings.protection->verify_draws),
      axis_keys(*found.point)};
  table.append({{"step"},
                {"layer", "held exactly too"},
                {"share", "share of devices %", Digits::fixed(1, 100)},
                {"baseline"},
                {"noise_free"},
                {"search_" + words.metric().name, words.column("in the search"), digits},
                with_interval(words.metric().name, words.column("on fresh draws"), digits),
                with_interval("regained", "regained", words.difference_digits())});
  const Replicates& without = found.steps.front().fresh;
  for (std::size_t s = 0; s < found.steps.size(); ++s) {
    const ProtectedLayers::Step& step = found.steps[s];
    table.add(axis_cells(*found.point),
              {s,
               {step.layer, s == 0 ? "(none)" : step.layer},
               step.share,
               found.baseline,
               found.noise_free,
               step.found,
               mean_estimate(step.fresh, settings.confidence),
               s == 0 ? Estimate()
                      : paired_loss(step.fresh, without, words.metric(), settings.confidence)});
  }
  return table;
}

Figure protection_figure(const std::vector<ProtectedLayers>& all, const BudgetSettings& settings) {
  Plot plot{"protection", "", {}};
  plot.most_columns = 1;
  for (const ProtectedLayers& found : all) {
    const MetricWords words(found.point->experiment);
    Panel panel{point_title(*found.point), {"devices held exactly (%)"}, {words.axis()}};
    Series curve{"", {kAlone}, {}};
    curve.style.line = true;
    for (const ProtectedLayers::Step& step : found.steps)
      curve.data.push_back(
          datum(100 * step.share, mean_estimate(step.fresh, settings.confidence), words.factor()));
    panel.series.push_back(std::move(curve));
    panel.levels.push_back({words.factor() * found.noise_free, false, "without noise", kFaint});
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace

AnalysisResult protection_result(const std::vector<ProtectedLayers>& all,
                                 const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Layers to hold exactly";
  for (const ProtectedLayers& found : all) {
    result.tables.push_back(step_table(found, settings));
    if (found.smallest_share > settings.protection->share)
      result.notes.push_back(fmt::format(
          "{}: no layer can be held exactly: the smallest has {:.2g} % of the devices, and "
          "budget.protection.share leaves room for {:g} %.",
          point_title(*found.point), 100 * found.smallest_share, 100 * settings.protection->share));
    else if (found.is_at_end)
      result.notes.push_back(
          point_title(*found.point) +
          ": no other layer that there is room for regains anything on the draws of "
          "the search.");
  }
  result.notes.push_back(
      "Each layer is the one that regains most per device beside those above it, on draws of the "
      "search; `[device.layers.NAME]` with `model = \"ideal\"` holds one exactly.");
  result.figures.push_back(protection_figure(all, settings));
  return result;
}

}  // namespace ohmic
