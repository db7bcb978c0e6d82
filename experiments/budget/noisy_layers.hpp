// Configurations that differ in which layers are noisy, and what is needed to compare them.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "nn/torch/noise_propagation.hpp"

namespace ohmic {

/// Devices as declared in one layer, exact ones everywhere else.
Experiment noise_only_in(const Experiment&, const std::string& layer);
/// Exact devices in one layer.
Experiment noise_in_all_but(const Experiment&, const std::string& layer);
/// Devices of each layer's arrays.
std::vector<double> layer_devices(AnalogNetwork&);
/// device.eta of its own for each layer. Throws ConfigError where the device does not take it.
Experiment with_etas(const Experiment&, const std::vector<std::string>& layers,
                     const std::vector<double>& etas);

/// Faults of a point whose noise is not on crossbars alone: layers' shares would leave it out.
void check_noise_is_on_crossbars(const BudgetRequest&, const std::string& analysis,
                                 std::vector<Fault>&);

/// A fault where it says nothing of the metric.
void check_prediction_serves(const BudgetRequest&, const std::string& analysis,
                             std::vector<Fault>&);

/// Spread of the first `images` test images' logits by every layer's weight noise; kept in spread/
/// of the run folder. Throws UnsupportedError where answers are not one class per sample.
struct ImageSpread {
  LogitSpread spread;
  std::vector<std::int32_t> labels;
};
ImageSpread spread_of(AnalysisContext&, const Experiment&, std::int64_t images);

/// Std of each layer's weight errors as programmed, in units of weights.
std::vector<double> weight_noise(const std::vector<LayerResult>&);

/// By how much `worse` is worse than `nominal`, over draws that share their noise; > 0: worse.
Estimate paired_loss(const Replicates& nominal, const Replicates& worse, const Metric&,
                     double confidence);

}  // namespace ohmic
