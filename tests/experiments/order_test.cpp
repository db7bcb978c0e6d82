#include "experiments/statistics/order.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ohmic {
namespace {

std::string places(const std::vector<Interval>& intervals) {
  std::string text;
  for (std::size_t i = 0; i < intervals.size(); ++i)
    text += (i == 0 ? "" : "; ") + places_of(i, intervals).text();
  return text;
}

TEST(Order, OfIntervalsApartIsThatOfTheirValues) {
  EXPECT_EQ(places({{7, 8}, {4, 5}, {1, 2}}), "1; 2; 3");
  EXPECT_EQ(places({{1, 2}, {7, 8}, {4, 5}}), "3; 1; 2");
}

// The second overlaps both others, which are apart; what only touches is not surely larger.
TEST(Order, OfIntervalsThatOverlapIsARange) {
  EXPECT_EQ(places({{6, 9}, {3, 7}, {1, 4}}), "1 to 2; 1 to 3; 2 to 3");
  EXPECT_EQ(places({{2, 3}, {1, 2}}), "1 to 2; 1 to 2");
}

}  // namespace
}  // namespace ohmic
