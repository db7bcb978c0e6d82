#include "experiments/budget/sensitivity.hpp"

#include <fmt/format.h>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/statistics/logit_noise.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/torch/noise_propagation.hpp"

namespace ohmic {
namespace {

// Draws over which the powers of outputs' errors are averaged: each is already a mean over
// thousands of values.
constexpr std::int64_t kSnrDraws = 4;

std::vector<OutputSnr> measure_snr(AnalysisContext& context, const Experiment& experiment) {
  const TrainedNetwork& network = context.networks.get(experiment);
  Calibrations calibrations;
  PointChip chip(experiment, network, calibrations);
  const ImageSet test =
      first_of_all_classes(network.data->test, context.request.settings.sensitivity->snr_images);
  std::vector<float> x(static_cast<std::size_t>(test.size() * test.values()));
  normalized_batch(test, network.data->normalization, 0, test.size(), x.data());
  return output_snrs(chip.analog(), x.data(), test.size(), experiment.seed, 0, kSnrDraws);
}

/// Each layer's part of the loss by linear propagation; sums to 1 where there is any.
std::vector<double> linear_shares(AnalysisContext& context, const Experiment& experiment,
                                  const std::vector<double>& sigma_w) {
  const ImageSpread s =
      spread_of(context, experiment, context.request.settings.sensitivity->images);
  std::vector<double> shares = loss_per_variance(s.spread, s.labels, sigma_w);
  double sum = 0;
  for (std::size_t l = 0; l < shares.size(); ++l) sum += shares[l] *= sigma_w[l] * sigma_w[l];
  for (double& share : shares) share = sum > 0 ? share / sum : 0.0;
  return shares;
}

class SensitivityRuns {
 public:
  SensitivityRuns(AnalysisContext& context, const Point& point)
      : context_(context), point_(point) {}

  SensitivityStudy run() {
    const Experiment& experiment = point_.experiment;
    refuse_shared_crossbars(context_.networks.get(experiment).graph);
    SensitivityStudy study{&point_, measure(experiment, "all layers"), {}};
    const auto errors = measure_snr(context_, experiment);
    std::vector<double> shares(errors.size(), Estimate::kNone);
    if (context_.networks.get(experiment).measure.is_plain_accuracy())
      shares = linear_shares(context_, experiment, weight_noise(study.all.layers));
    const Replicates all = study.all.replicates();
    for (std::size_t l = 0; l < errors.size(); ++l) {
      LayerSensitivity layer = measure_layer(study.all.layers.at(l).layer, all);
      layer.noise = study.all.layers[l];
      layer.output = errors[l];
      layer.linear_share = shares[l];
      study.layers.push_back(std::move(layer));
    }
    return study;
  }

 private:
  LayerSensitivity measure_layer(const std::string& layer, const Replicates& all) {
    LayerSensitivity result;
    const double confidence = context_.request.settings.confidence;
    const PointResult alone =
        measure(noise_only_in(point_.experiment, layer), "noise in " + layer + " alone");
    const Estimate a = mean_estimate(alone.replicates(), confidence);
    const double without_noise = alone.noise_free(), sign = alone.metric->sign();
    result.alone = a;
    result.alone.mean = sign * (without_noise - a.mean);
    result.alone.lo = sign > 0 ? without_noise - a.hi : a.lo - without_noise;
    result.alone.hi = sign > 0 ? without_noise - a.lo : a.hi - without_noise;
    const PointResult others =
        measure(noise_in_all_but(point_.experiment, layer), "noise in all but " + layer);
    result.regained = paired_loss(others.replicates(), all, *alone.metric, confidence);
    return result;
  }

  PointResult measure(const Experiment& experiment, const std::string& what) {
    return context_.evaluations.measure(experiment, context_.request.settings.sensitivity->draws,
                                        point_label(point_) + ", " + what);
  }

  AnalysisContext& context_;
  const Point& point_;
};

}  // namespace

void check_sensitivity(const BudgetRequest& request, std::vector<Fault>& faults) {
  check_noise_is_on_crossbars(request, "sensitivity", faults);
}

std::vector<SensitivityStudy> study_sensitivity(AnalysisContext& context) {
  std::vector<SensitivityStudy> studies;
  for (const Point& point : context.request.points)
    studies.push_back(SensitivityRuns(context, point).run());
  return studies;
}

}  // namespace ohmic
