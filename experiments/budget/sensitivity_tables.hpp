// The answers of [budget.sensitivity] as tables and a figure.
#pragma once

#include <vector>

#include "experiments/budget/result_table.hpp"
#include "experiments/budget/settings.hpp"
#include "experiments/results/point_result.hpp"
#include "nn/analog/output_snr.hpp"

namespace ohmic {

/// Accuracies as fractions, over draws that all configurations share.
struct LayerSensitivity {
  Estimate alone;           ///< lost when only this layer is noisy, against noise in none
  Estimate regained;        ///< when this layer's noise goes and all others' stays
  double linear_share = 0;  ///< of the whole chip's loss, by linear propagation
  OutputSnr output;
  LayerResult noise;
};

struct SensitivityStudy {
  const Point* point = nullptr;
  PointResult all;  ///< noise in every layer
  std::vector<LayerSensitivity> layers;
};

/// Table sensitivity, ranked by what is lost alone (then by what is regained), and the figure
/// sensitivity, in the order of the network.
AnalysisResult sensitivity_result(const std::vector<SensitivityStudy>&, const BudgetSettings&);

}  // namespace ohmic
