// [budget.prediction]: linear noise propagation beside Monte Carlo.
#include <fmt/format.h>

#include <cmath>

#include "experiments/budget/configure.hpp"
#include "experiments/budget/layer_noise.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/results/words.hpp"
#include "experiments/run/setup.hpp"
#include "experiments/statistics/logit_noise.hpp"

namespace ohmic {
namespace {

/// One value of the knob of one point.
struct Compared {
  double value = 0;
  Estimate measured;
  double predicted = 0;
  std::int64_t draws = 0;
};

struct Comparison {
  const Point* point = nullptr;
  double baseline = 0, predicted_baseline = 0;
  std::vector<Compared> values;
};

bool is_asked(const BudgetSettings& settings) { return settings.prediction.has_value(); }

void check(const BudgetRequest& request, std::vector<Fault>& faults) {
  const PredictionSettings& p = *request.settings.prediction;
  check_noise_is_on_crossbars(request, "prediction", faults);
  check_prediction_serves(request, "prediction", faults);
  if (p.values.empty())
    faults.push_back(request.fault("prediction.values", "expected one value at least"));
  for (const Point& point : request.points) {
    const Parameter* parameter = parameter_of(point.experiment, p.knob);
    if (!parameter || parameter->type != "real")
      return faults.push_back(request.fault(
          "prediction.knob",
          fmt::format("\"{}\" is no real number here; expected a key such as device.eta", p.knob)));
    try {
      for (const double value : p.values) with_keys(point.experiment, {{p.knob, {value}}});
    } catch (const ConfigError& error) {
      const Fault& first = error.faults().front();
      return faults.push_back(request.fault("prediction.values", first.key + ": " + first.message));
    }
  }
}

Comparison compare(AnalysisContext& context, const Point& point) {
  const PredictionSettings& p = *context.request.settings.prediction;
  const ImageSpread s = spread_of(context, point.experiment, p.images);
  const std::vector<double> none(s.spread.layers.size(), 0.0);
  Comparison comparison{&point, 0, predicted_accuracy(s.spread, s.labels, none, 0, 1), {}};
  for (const double value : p.values) {
    const Experiment e = with_keys(point.experiment, {{p.knob, {value}}});
    const PointResult m = context.evaluations.measure(
        e, p.draws, fmt::format("{}, {} {:g}", point_label(point), p.knob, value));
    comparison.baseline = m.baseline();
    comparison.values.push_back(
        {value, mean_estimate(m.replicates(), context.request.settings.confidence),
         predicted_accuracy(s.spread, s.labels, weight_noise(m.layers), e.seed, p.samples),
         static_cast<std::int64_t>(m.draws.size())});
  }
  return comparison;
}

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

AnalysisResult run(AnalysisContext& context) {
  const PredictionSettings& p = *context.request.settings.prediction;
  std::vector<Comparison> comparisons;
  for (const Point& point : context.request.points) comparisons.push_back(compare(context, point));
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

}  // namespace

Analysis prediction_analysis() { return {is_asked, check, run}; }

}  // namespace ohmic
