#include "experiments/measure/costs.hpp"

namespace ohmic {

const NetworkCost* Costs::of(const Experiment& experiment, PointChip* chip) {
  if (!experiment.cost) return nullptr;
  const std::string key = experiment.part(Stage::cost).text();
  const auto present = costs_.find(key);
  if (present != costs_.end()) return &present->second;
  NetworkCost cost =
      chip ? chip->cost() : PointChip(experiment, networks_.get(experiment), calibrations_).cost();
  return &costs_.emplace(key, std::move(cost)).first->second;
}

}  // namespace ohmic
