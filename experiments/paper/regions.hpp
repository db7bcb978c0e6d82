// The three regions of the learning rate: below, in and above the sweet spot, found from the data.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {

/// One network: what it scores without noise (its interval over images) and the normalised accuracy
/// at one eta (its interval over draws).
struct RateMeasure {
  double rate = 0;
  Estimate baseline, normalized;
};

struct Regions {
  std::vector<RateMeasure> rates;  ///< ascending
  std::vector<bool> good;          ///< near the best in both
  std::size_t best_baseline = 0, best_normalized = 0;
  std::optional<std::pair<std::size_t, std::size_t>> sweet_spot;  ///< first and last rate of it

  /// 1 below the sweet spot, 2 in it, 3 above it; 0 where there is none.
  int region_of(std::size_t index) const;
};

/// A rate is near the best where its value plus its half-width, or plus one percentage point if
/// that is more, reaches the best. The sweet spot goes from the lowest to the highest rate that is
/// near the best both without noise and under it. A NaN is never near. Needs at least one rate.
Regions find_regions(std::vector<RateMeasure>);

/// The rule, in words for a reader; `eta` as text ("10 %").
std::string regions_rule(const std::string& eta);
/// What was found, in words.
std::string describe(const Regions&);

}  // namespace ohmic
