// [budget.rare]: how many chips are worse than a limit, where it is few of very many.
#pragma once

#include <cstdint>
#include <optional>

#include "simulator/config/schema.hpp"

namespace ohmic {

struct RareSettings {
  std::optional<double> target;  ///< value a good chip reaches; absent: what is allowed
  std::int64_t chips = 100;      ///< of a population
  std::int64_t moves = 3;        ///< of each chip, at every level
  std::int64_t repetitions = 10;
  double smallest = 1e-6;  ///< share below which nothing is looked for
  static const Schema<RareSettings>& schema();
};

}  // namespace ohmic
