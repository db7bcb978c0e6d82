// [budget.lifetime]: until when chips stay good.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// Dotted keys with what they are set to.
using Remedy = std::vector<std::pair<std::string, Value>>;

struct LifetimeSettings {
  std::vector<double> times_s;   ///< ages after programming, ascending
  double share = 0.95;           ///< of the chips that are promised to stay good
  std::int64_t draws = 100;      ///< chips, each followed over all ages
  std::vector<Remedy> remedies;  ///< empty: the file's settings alone
  bool recalibrate = false;      ///< whether it is asked when factors have to be read again
  static const Schema<LifetimeSettings>& schema();
};

}  // namespace ohmic
