#include "experiments/statistics/order.hpp"

namespace ohmic {

std::string Places::text() const {
  std::string text = std::to_string(first);
  if (first != last) text += " to " + std::to_string(last);
  return text;
}

Places places_of(std::size_t i, std::span<const Interval> intervals) {
  const auto [lo, hi] = intervals[i];
  Places places{1, std::ssize(intervals)};
  for (const auto& [other_lo, other_hi] : intervals) {
    places.first += other_lo > hi;
    places.last -= other_hi < lo;
  }
  return places;
}

}  // namespace ohmic
