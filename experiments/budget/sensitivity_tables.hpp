// The answers of [budget.sensitivity] as tables and a figure.
#pragma once

#include <vector>

#include "experiments/budget/result_table.hpp"
#include "experiments/budget/settings.hpp"
#include "experiments/results/point_result.hpp"
#include "nn/analog/output_snr.hpp"

namespace ohmic {

/// Losses in the metric's numbers, over draws that all configurations share; > 0: worse.
struct LayerSensitivity {
  Estimate alone;     ///< lost when only this layer is noisy, against noise in none
  Estimate regained;  ///< when this layer's noise goes and all others' stays
  /// Of the whole chip's loss of accuracy, by linear propagation; NaN for other metrics.
  double linear_share = Estimate::kNone;
  OutputSnr output;
  LayerResult noise;
  /// Of the layer's noise: the mean over chips that are exact elsewhere and noisy elsewhere.
  double effect() const { return (alone.mean + regained.mean) / 2; }
};

struct SensitivityStudy {
  const Point* point = nullptr;
  PointResult all;  ///< noise in every layer
  std::vector<LayerSensitivity> layers;
};

/// Table sensitivity, ranked by effect, and the figure sensitivity, in the order of the network.
/// Neither end would rank alone: noise in one layer can gain accuracy, and what one layer gives
/// back drowns in the noise of the others.
AnalysisResult sensitivity_result(const std::vector<SensitivityStudy>&, const BudgetSettings&);

}  // namespace ohmic
