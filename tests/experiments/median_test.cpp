#include "experiments/statistics/median.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace ohmic {
namespace {

/// n, n - 1, ..., 1: the k-th smallest is k.
std::vector<double> falling(int n) {
  std::vector<double> values;
  for (int i = n; i > 0; --i) values.push_back(i);
  return values;
}

TEST(Median, IsTheMiddleOrHalfwayBetweenTwo) {
  EXPECT_EQ(median_estimate({7}, 0.95).mean, 7);
  EXPECT_EQ(median_estimate({5, 1, 2}, 0.95).mean, 2);
  EXPECT_EQ(median_estimate({5, 1, 2, 9}, 0.95).mean, 3.5);
}

// One more than the largest number of signs that the two-sided sign test at 5 % rejects, from its
// published tables.
TEST(Median, IntervalsEndAtTheRanksOfTheSignTest) {
  const std::map<int, int> ranks{{6, 1},  {8, 1},  {9, 2},  {11, 2}, {12, 3},
                                 {15, 4}, {17, 5}, {20, 6}, {25, 8}, {30, 10}};
  for (const auto& [n, k] : ranks) {
    const Estimate e = median_estimate(falling(n), 0.95);
    EXPECT_EQ(e.lo, k) << n;
    EXPECT_EQ(e.hi, n + 1 - k) << n;
  }
}

TEST(Median, HasNoIntervalOfFewerThanSixValues) {
  const Estimate e = median_estimate(falling(5), 0.95);
  EXPECT_EQ(e.mean, 3);
  EXPECT_TRUE(std::isnan(e.lo));
  EXPECT_TRUE(std::isnan(e.hi));
}

}  // namespace
}  // namespace ohmic
