#include "experiments/statistics/pareto.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

using Flags = std::vector<bool>;

TEST(ParetoFront, HoldsWhatNothingBeats) {
  const std::vector<double> costs{1, 2, 3, 4, 2}, values{0.5, 0.7, 0.6, 0.9, 0.4};
  EXPECT_EQ(pareto_front(costs, values), (Flags{true, true, false, true, false}));
}

TEST(ParetoFront, EqualPairsStandTogether) {
  const std::vector<double> costs{1, 1, 1, 2}, values{0.5, 0.5, 0.4, 0.5};
  EXPECT_EQ(pareto_front(costs, values), (Flags{true, true, false, false}));
}

TEST(ParetoFront, WhatIsNotANumberNeverStands) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> costs{1, nan, 2}, values{nan, 0.5, 0.1};
  EXPECT_EQ(pareto_front(costs, values), (Flags{false, false, true}));
  EXPECT_EQ(pareto_front({}, {}), Flags{});
}

TEST(ParetoFront, IsTheDefinitionOnPairsWithTies) {
  std::vector<double> z(400);
  fill_normals(noise_key(3, 0), {Stream::resampling}, 0, std::span(z));
  for (double& v : z) v = std::round(3 * v);
  const std::span<const double> costs(z.data(), 200), values(z.data() + 200, 200);
  Flags expected(200, true);
  for (std::size_t i = 0; i < 200; ++i)
    for (std::size_t j = 0; j < 200; ++j)
      if (costs[j] <= costs[i] && values[j] >= values[i] &&
          (costs[j] < costs[i] || values[j] > values[i]))
        expected[i] = false;
  EXPECT_EQ(pareto_front(costs, values), expected);
}

}  // namespace
}  // namespace ohmic
