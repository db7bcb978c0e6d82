#include <fmt/format.h>

#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

ResultTable prediction_table(const std::vector<Comparison>& comparisons, const std::string& knob) {
  ResultTable table{"prediction", axis_columns(*comparisons.front().point), {}};
  const std::string& metric = comparisons.front().point->experiment.evaluation.metric;
  for (const std::string& column :
       {std::string("knob"), std::string("value"), std::string("draws"), std::string("baseline"),
        metric, metric + "_lo", metric + "_hi", std::string("predicted"), std::string("error")})
    table.columns.push_back(column);
  for (const Comparison& c : comparisons)
    for (const Compared& v : c.values) {
      std::vector<Cell> row = axis_cells(*c.point);
      const std::vector<Cell> cells{knob,          v.value,         v.draws,
                                    c.baseline,    v.measured.mean, v.measured.lo,
                                    v.measured.hi, v.predicted,     v.predicted - v.measured.mean};
      row.insert(row.end(), cells.begin(), cells.end());
      table.rows.push_back(std::move(row));
    }
  return table;
}

TextTable answers(const std::vector<Comparison>& comparisons, const std::string& knob) {
  const MetricWords words(comparisons.front().point->experiment);
  Row heading = axis_headings(*comparisons.front().point);
  for (const std::string& word : {knob, std::string("baseline %"), std::string("measured %"),
                                  std::string("predicted %"), std::string("error, points")})
    heading.push_back(word);
  TextTable table{words.capital_title() + " by linear propagation and by Monte Carlo:", {heading}};
  for (const Comparison& c : comparisons)
    for (const Compared& v : c.values) {
      Row row = axis_texts(*c.point);
      for (const std::string& cell :
           {fmt::format("{:g}", v.value), percent_text(c.baseline), percent_text(v.measured),
            percent_text(v.predicted),
            fmt::format("{:+.2f}", 100 * (v.predicted - v.measured.mean))})
        row.push_back(cell);
      table.rows.push_back(std::move(row));
    }
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
          percent_text(c.predicted_baseline), percent_text(c.baseline)));
  result.files = {prediction_table(comparisons, p.knob)};
  result.figures = {prediction_figure(comparisons, p.knob)};
  return result;
}

}  // namespace ohmic
