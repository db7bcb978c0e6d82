#include "experiments/measure/costs.hpp"

namespace ohmic {
namespace {

/// What a cost depends on: of the devices, only the conductances that weights are written to.
std::string cost_key(const Experiment& e) {
  const Value resolved = e.resolved();
  std::string key = e.training_identity();
  for (const char* part : {"mapping", "periphery", "noise", "cost", "evaluation.calibration_images",
                           "device.g_min_S", "device.g_max_S", "device.layers"})
    if (const Value* value = resolved.at(part)) key += " " + value->text();
  return key;
}

}  // namespace

const NetworkCost* Costs::of(const Experiment& experiment, PointChip* chip) {
  if (!experiment.cost) return nullptr;
  const std::string key = cost_key(experiment);
  const auto present = costs_.find(key);
  if (present != costs_.end()) return &present->second;
  NetworkCost cost =
      chip ? chip->cost() : PointChip(experiment, networks_.get(experiment), calibrations_).cost();
  return &costs_.emplace(key, std::move(cost)).first->second;
}

}  // namespace ohmic
