#include "experiments/statistics/proportion.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ohmic {
namespace {

// Without failures, and without successes, the bounds are (alpha/2)^(1/n) and its complement.
TEST(Proportion, IsTheClosedFormAtTheEnds) {
  const Estimate all = proportion_estimate(20, 20, 0.95), none = proportion_estimate(0, 20, 0.95);
  EXPECT_NEAR(all.lo, std::pow(0.025, 1.0 / 20), 1e-12);
  EXPECT_EQ(all.hi, 1.0);
  EXPECT_EQ(none.lo, 0.0);
  EXPECT_NEAR(none.hi, 1 - std::pow(0.025, 1.0 / 20), 1e-12);
}

// At the bounds the tails of the binomial distribution are alpha/2 each, summed here term by term.
TEST(Proportion, BoundsLeaveTheTailsTheyPromise) {
  const Estimate e = proportion_estimate(7, 30, 0.9);
  const auto at_most = [](int k, double p) {
    double sum = 0;
    for (int i = 0; i <= k; ++i)
      sum += std::exp(std::lgamma(31) - std::lgamma(i + 1) - std::lgamma(31 - i) + i * std::log(p) +
                      (30 - i) * std::log(1 - p));
    return sum;
  };
  EXPECT_NEAR(at_most(7, e.hi), 0.05, 1e-9);
  EXPECT_NEAR(1 - at_most(6, e.lo), 0.05, 1e-9);
}

// Wilks: 59 values are the fewest whose smallest is reached by 95 % with 95 % confidence.
TEST(ReachedByShare, NeedsFiftyNineChipsForNinetyFivePercent) {
  std::vector<double> values(58);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.9 - 0.001 * static_cast<double>(i);
  EXPECT_FALSE(reached_by_share(values, 0.95, 0.95));
  values.push_back(0.5);
  EXPECT_EQ(reached_by_share(values, 0.95, 0.95), 0.5);
}

TEST(ReachedEstimate, OfNoValuesIsNone) {
  const Estimate none = reached_estimate({}, 0.95, 0.95);
  EXPECT_TRUE(std::isnan(none.mean) && std::isnan(none.lo) && std::isnan(none.hi));
}

// 93 values are the fewest for the second smallest (Wilks; tables of tolerance limits).
TEST(ReachedByShare, TakesTheSecondSmallestOfNinetyThree) {
  std::vector<double> values(92, 0.9);
  values[3] = 0.5;
  values[7] = 0.6;
  EXPECT_EQ(reached_by_share(values, 0.95, 0.95), 0.5);
  values.push_back(0.9);
  EXPECT_EQ(reached_by_share(values, 0.95, 0.95), 0.6);
}

}  // namespace
}  // namespace ohmic
