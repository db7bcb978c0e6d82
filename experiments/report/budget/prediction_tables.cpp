#include <fmt/format.h>

#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

DataTable answers(const std::vector<Comparison>& comparisons, const std::string& knob) {
  const Point& first = *comparisons.front().point;
  const MetricWords words(first.experiment);
  DataTable table{
      "prediction",
      words.capital_title() + " by linear propagation and by Monte Carlo:", axis_columns(first)};
  table.append({{"knob"},
                {"value", knob, Digits::general(6)},
                {"draws"},
                {"baseline", "baseline %", kPercent},
                with_interval(words.metric().name, "measured %", kPercent),
                {"predicted", "predicted %", kPercent},
                {"error", "error, points", kPoints}});
  for (const Comparison& c : comparisons)
    for (const Compared& v : c.values)
      table.add(axis_cells(*c.point), {knob, v.value, v.draws, c.baseline, v.measured, v.predicted,
                                       v.predicted - v.measured.mean});
  return table;
}

Figure prediction_figure(const std::vector<Comparison>& comparisons, const std::string& knob) {
  Plot plot{"prediction", "", {}};
  for (const Comparison& c : comparisons) {
    Series predicted{"predicted", {kNoisy, 0, true}, {}}, measured{"measured", {kInk}, {}};
    for (const Compared& v : c.values) {
      predicted.data.push_back({v.value, 100 * v.predicted});
      measured.data.push_back(datum(v.value, v.measured));
    }
    Panel panel{point_title(*c.point),
                {key_title(knob, &c.point->experiment)},
                {MetricWords(c.point->experiment).axis()}};
    panel.y.least = 0;
    panel.levels.push_back({100 * c.baseline, false, "without noise", kBaseline});
    panel.series = {predicted, measured};
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace

AnalysisResult prediction_result(const std::vector<Comparison>& comparisons,
                                 const BudgetSettings& settings) {
  const PredictionSettings& p = *settings.prediction;
  AnalysisResult result;
  result.heading = "Prediction by linear propagation of " + p.knob;
  result.tables = {answers(comparisons, p.knob)};
  for (const Comparison& c : comparisons)
    if (std::abs(c.predicted_baseline - c.baseline) > 1e-9)
      result.notes.push_back(fmt::format(
          "The images that noise is propagated for score {} % without noise, those of Monte Carlo "
          "{} %: raise budget.prediction.images to compare the same ones.",
          kPercent.text(c.predicted_baseline), kPercent.text(c.baseline)));
  result.figures = {prediction_figure(comparisons, p.knob)};
  return result;
}

}  // namespace ohmic
