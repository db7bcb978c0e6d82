// The order of values that are known within intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace ohmic {

using Interval = std::pair<double, double>;

/// The first and the last place that a value may have.
struct Places {
  std::int64_t first = 1, last = 1;
  /// "3", "2 to 5".
  std::string text() const;
};

/// Those of value `i`, the largest in the first place: behind those that are surely larger, before
/// those that are surely smaller.
Places places_of(std::size_t i, std::span<const Interval> intervals);

}  // namespace ohmic
