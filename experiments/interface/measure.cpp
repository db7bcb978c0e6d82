#include "experiments/interface/measure.hpp"

#include "experiments/interface/state.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/drawing.hpp"
#include "experiments/measure/measured_point.hpp"
#include "experiments/measure/without_noise.hpp"

namespace ohmic {
namespace {

/// The fraction that draws are of all there is to do; what comes before them is the rest.
constexpr double kDraws = 0.8;

Measurement measurement_of(const PointResult& result, double confidence) {
  const PointSummary summary = summarize(result, confidence);
  Measurement m;
  m.metric = result.metric->name;
  m.baseline = summary.baseline;
  m.noise_free = summary.noise_free;
  m.value = summary.value.mean;
  m.lo = summary.value.lo;
  m.hi = summary.value.hi;
  m.normalized = summary.normalized;
  const Replicates replicates = result.replicates();
  for (std::int64_t d = 0; d < replicates.count(); ++d) m.draws.push_back(replicates.total(d));
  m.layers = result.layers;
  m.warnings = result.warnings;
  return m;
}

}  // namespace

Measurement measure(const Network& network, const Samples& samples, const Hardware& hardware,
                    const MeasureOptions& options) {
  const Experiment experiment = experiment_of(network, samples, hardware, options);
  use_threads(options.threads);
  const TrainedNetwork trained = trained_network(network, samples, experiment);
  double done = 0, all = 0;  // draws
  const auto show = [&](const std::string& what, double fraction) {
    if (!options.progress) return;
    const double part = all > 0 ? 1 - kDraws + kDraws * (done + fraction) / all : 0;
    options.progress(what, part);
  };
  Calibrations calibrations;
  PointChip chip(experiment, trained, calibrations, show);
  PointResult result;
  if (experiment.evaluation.estimator == Estimator::per_batch)
    result.batch = experiment.evaluation.batch;
  result.warnings = chip.warnings();
  WithoutNoise().measure(chip, trained, experiment, result);
  draw_until_known(chip, experiment.evaluation,
                   {[&](std::int64_t draw, std::int64_t draws) {
                      done = static_cast<double>(draw);
                      all = static_cast<double>(draws);
                    },
                    [&](std::int64_t, const DrawResult&) { show("draw", 1); }},
                   result);
  result.layers = chip.layers();
  return measurement_of(result, experiment.evaluation.confidence);
}

}  // namespace ohmic
