// [budget.design]: which chip is the cheapest that keeps what is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// What a design costs: a sum of these, each with its weight. `name` says which one alone; empty:
/// a weighted sum.
struct DesignCost {
  std::string name = "energy";
  double energy_nJ = 1, latency_us = 0, area_mm2 = 0, devices = 0;
};

/// An entry of [budget.design.choices]: a dotted key, or a table whose keys move together.
struct DesignChoice {
  std::string key;
  Array values;
  std::string name = {};                ///< in tables; empty: the key
  std::vector<std::string> texts = {};  ///< of the values in tables; empty: the values

  const std::string& shown() const { return name.empty() ? key : name; }
};

struct DesignSettings {
  DesignCost cost;
  std::vector<DesignChoice> choices;
  std::vector<int> layer_adc_bits;  ///< of which each layer's ADC has its own; empty: no choice
  std::optional<double> share;      ///< of chips that reach the limit; absent: their mean does
  std::vector<double> times_s;      ///< ages at all of which it holds; empty: device.time_s
  std::int64_t evaluations = 2000;  ///< draws of the search, of all designs and ages together
  std::int64_t priced = 1000;       ///< designs of which the cost is found
  std::int64_t verify = 5;          ///< designs that are measured on fresh draws
  std::int64_t verify_draws = 50;   ///< of each of them
  bool compare_random = true;
  static const Schema<DesignSettings>& schema();
};

}  // namespace ohmic
