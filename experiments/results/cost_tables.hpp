// What a network costs on its hardware, for a terminal and as CSV; see mapping/cost.hpp.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/tables.hpp"
#include "experiments/text/table.hpp"
#include "mapping/cost.hpp"

namespace ohmic {

/// tiles, devices, utilization, adcs, mvms, dac_conversions, adc_conversions, energy_nJ,
/// latency_us, area_mm2, and each part of energy and area: in results.csv.
Fields cost_fields(const LayerCost&);
/// What a part's column is called: "energy_dac_nJ", "area_dac_mm2".
std::string energy_key(const std::string& part);
std::string area_key(const std::string& part);

/// A row per layer and one for all, then the parts of energy and area in per cent.
std::string cost_text(const NetworkCost&, const NetworkPeriphery&);
/// Every constant with its unit and the default's source; of one that is not the default, that it
/// is given.
std::string constants_text(const CostSettings&);
/// A sentence where experiments have ideal converters, which cost nothing here; else empty.
std::string free_converters_note(const std::vector<const Experiment*>&);
/// The same rows; in files every column: cost_fields, macs, phases and each part of energy and
/// area; where a layer has keys of converters of its own the bits of each layer's.
DataTable cost_table(const NetworkCost&, const NetworkPeriphery&);

/// cost_table of every point that has a cost, behind its swept keys.
std::string cost_csv(const std::vector<MeasuredPoint>&);

/// What designs are compared by.
struct Price {
  double tiles = 0, utilization = 0, adc_conversions = 0;
  double energy_nJ = 0, latency_us = 0, area_mm2 = 0;
  CostParts energy_parts_nJ = {}, area_parts_mm2 = {};
};
Price price_of(const LayerCost&);

enum class OnFront {
  yes,    ///< of pareto_front of energy and the metric
  maybe,  ///< no cheaper design is surely better: intervals of the metric overlap
  no,
  apart  ///< not compared: it has no converters where others do, and these cost
};

/// A point that has a cost among others.
struct PricedPoint {
  const Point* point = nullptr;
  Estimate value;  ///< of its metric
  Price cost;
  OnFront front = OnFront::no;
};
/// In the order given; those without a cost are left out.
std::vector<PricedPoint> priced_points(const std::vector<MeasuredPoint>&);
/// Sets `front` of each.
void find_front(std::vector<PricedPoint>&);
/// "*", "~", "-" or nothing, and what that means for these, with free_converters_note.
const char* front_mark(OnFront);
std::string front_legend(const std::vector<PricedPoint>&);
/// The metric and the cost of every point with its front_mark; of at least one.
DataTable pareto_table(const std::vector<PricedPoint>&);
/// Of every point which part takes how much of its energy, or its area; of at least one.
DataTable parts_table(const std::vector<PricedPoint>&, const std::string& name,
                      const std::string& caption, CostParts Price::*of);
/// The same for a terminal, with its legend; empty without points.
std::string pareto_text(const std::vector<PricedPoint>&);

}  // namespace ohmic
