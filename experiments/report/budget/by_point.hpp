// What an analysis found, point by point.
#pragma once

#include <vector>

namespace ohmic {

/// Neighbours that are of one point, together.
template <class Found>
std::vector<std::vector<const Found*>> by_point(const std::vector<Found>& all) {
  std::vector<std::vector<const Found*>> points;
  for (const Found& found : all) {
    if (points.empty() || points.back().front()->point != found.point) points.emplace_back();
    points.back().push_back(&found);
  }
  return points;
}

}  // namespace ohmic
