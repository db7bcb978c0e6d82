// [budget.knobs]: what an answer changes by when a number of the hardware changes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// By dotted key, a share of its value.
using KeyShares = std::vector<std::pair<std::string, double>>;

struct KnobsSettings {
  std::vector<std::string> keys;    ///< patterns of keys; empty: every number of the hardware
  double step = 0.1;                ///< share of a number's value that it is moved by
  std::int64_t draws = 20;          ///< of every configuration, the same for all
  KeyShares corners;                ///< how far a number may be off
  std::int64_t most_corners = 200;  ///< that are measured, of more numbers than have them all
  std::int64_t verify_draws = 50;
  static const Schema<KnobsSettings>& schema();
};

}  // namespace ohmic
