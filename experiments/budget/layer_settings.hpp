// The analyses of single layers: [budget.sensitivity], [budget.prediction], [budget.allocation],
// [budget.protection].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// [budget.sensitivity]: noise in one layer at a time, and in all but one.
struct SensitivitySettings {
  std::int64_t draws = 20;       ///< of every configuration, the same for all
  std::int64_t snr_images = 20;  ///< images on which outputs are compared
  std::int64_t images = 500;     ///< images of the linear share
  static const Schema<SensitivitySettings>& schema();
};

/// [budget.prediction]: linear noise propagation beside Monte Carlo.
struct PredictionSettings {
  std::string knob = "device.eta";
  std::vector<double> values{0.01, 0.05, 0.1, 0.2, 0.3, 0.4};
  std::int64_t draws = 20;      ///< of Monte Carlo, per value
  std::int64_t images = 500;    ///< whose logits are propagated to
  std::int64_t samples = 1000;  ///< of each image's predicted logits
  static const Schema<PredictionSettings>& schema();
};

enum class LayerPrice {
  devices,  ///< the layer's devices
  equal,    ///< 1 per layer
};

/// [budget.allocation]: an eta for each layer, asking least of the devices.
struct AllocationSettings {
  LayerPrice cost = LayerPrice::devices;
  std::vector<double> range{0.005, 0.5};  ///< of the geometric mean of the layers' eta
  int steps = 128;
  double most = 1.0;  ///< no layer's eta is larger
  std::int64_t verify_draws = 50;
  std::int64_t images = 500;  ///< whose logits say what a layer's noise costs
  static const Schema<AllocationSettings>& schema();
};

/// [budget.protection]: layers that are held exactly, one after the other.
struct ProtectionSettings {
  double share = 0.5;      ///< of the devices, at most
  std::int64_t draws = 5;  ///< of every trial, the same for all
  std::int64_t verify_draws = 20;
  static const Schema<ProtectionSettings>& schema();
};

}  // namespace ohmic
