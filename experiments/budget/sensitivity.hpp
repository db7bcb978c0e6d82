// [budget.sensitivity]: what each layer's noise costs.
#pragma once

#include <vector>

#include "experiments/budget/analysis.hpp"
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

/// Appends what is wrong with the request, before anything is computed.
void check_sensitivity(const BudgetRequest&, std::vector<Fault>&);
/// Of every point.
std::vector<SensitivityStudy> study_sensitivity(AnalysisContext&);

}  // namespace ohmic
