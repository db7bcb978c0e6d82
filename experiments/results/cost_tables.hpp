// What a network costs on its hardware, for a terminal and as CSV; see mapping/cost.hpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/results/tables.hpp"
#include "mapping/cost.hpp"

namespace ohmic {

/// Layers in order, and everything added up.
struct NetworkCost {
  std::vector<LayerCost> layers;
  LayerCost total;
};

/// tiles, devices, utilization, adcs, mvms, dac_conversions, adc_conversions, energy_nJ,
/// latency_us, area_mm2: the columns of results.csv.
std::vector<std::pair<std::string, double>> cost_columns(const LayerCost&);

/// A row per layer and one for all, then the parts of energy and area in per cent.
std::string cost_text(const NetworkCost&);
/// Every constant with its unit and source.
std::string constants_text(const CostSettings&);
/// The same rows with every column: cost_columns, macs, phases and each part of energy and area.
std::string cost_csv(const NetworkCost&);

/// cost_csv of every point that has a cost, behind its swept keys.
std::string cost_csv(const std::vector<MeasuredPoint>&);

/// A point that has a cost among others.
struct PricedPoint {
  const MeasuredPoint* point = nullptr;
  Estimate accuracy;
  double energy_nJ = 0;
  bool on_front = false;  ///< pareto_front of energy and accuracy
};
/// In the order given.
std::vector<PricedPoint> priced_points(const std::vector<MeasuredPoint>&);
/// Accuracy and cost of every point, those on the front with a star; empty without any.
std::string pareto_text(const std::vector<PricedPoint>&);

}  // namespace ohmic
