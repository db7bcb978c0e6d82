#include "experiments/budget/prediction.hpp"

#include <fmt/format.h>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/statistics/logit_noise.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {
namespace {

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

}  // namespace

void check_prediction(const BudgetRequest& request, std::vector<Fault>& faults) {
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

std::vector<Comparison> compare_predictions(AnalysisContext& context) {
  std::vector<Comparison> comparisons;
  for (const Point& point : context.request.points) comparisons.push_back(compare(context, point));
  return comparisons;
}

}  // namespace ohmic
