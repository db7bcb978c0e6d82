// Multilevel splitting on chips whose distribution is known: how often its intervals hold the
// truth, and that single repetitions are unbiased.
#include "experiments/statistics/splitting.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <set>
#include <vector>

namespace ohmic {
namespace {

/// What is bad about a chip of so many standard normals.
struct MadeUp {
  std::size_t numbers;
  double (*badness)(const std::vector<float>&);

  Badness of(std::uint64_t seed) const {
    return [*this, seed](std::int64_t, const NoisePath& path) {
      const MixedDraw mixed(seed, path);
      std::vector<float> z(numbers);
      fill_normals(noise_key(seed, mixed.number()), {Stream::programming}, 0, std::span(z));
      return badness(z);
    };
  }
};

double sum_of(const std::vector<float>& z) {
  double sum = 0;
  for (const float x : z) sum += x;
  return sum / std::sqrt(static_cast<double>(z.size()));
}

/// In steps, as right answers are counted.
double counted_sum(const std::vector<float>& z) { return std::floor(4 * sum_of(z)) / 4; }

double square_of(const std::vector<float>& z) {
  double sum = 0;
  for (const float x : z) sum += double{x} * x;
  return sum;
}

SplittingSettings settings(std::uint64_t seed) {
  SplittingSettings s;
  s.seed = seed;
  s.chips = 60;
  return s;
}

/// Of 100 intervals of 90 % ten may miss: more than 21 with a probability of 3e-4; five on each
/// side: more than 13 with 5e-4 (binomial).
void expect_coverage(const MadeUp& chips, double limit, double truth) {
  constexpr int kSeeds = 100;
  int too_low = 0, too_high = 0;
  double width = 0, mean = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const SplittingAnswer found = split(settings(1000 + seed), limit, chips.of(1000 + seed));
    const Estimate share = found.share_above(limit, 0.9);
    too_low += share.hi < truth;
    too_high += share.lo > truth;
    width += std::log(share.hi / share.lo) / 2 / kSeeds;
    mean += share.mean / truth / kSeeds;
  }
  EXPECT_LE(too_low + too_high, 21);
  EXPECT_LE(too_low, 13);
  EXPECT_LE(too_high, 13);
  EXPECT_LT(width, 0.6);  // a factor of 1.8
  // A single answer is off by about width/1.8 of itself.
  EXPECT_NEAR(mean, 1, 5 * width / 1.8 / std::sqrt(static_cast<double>(kSeeds)));
}

TEST(Splitting, HoldsTheShareOfALinearFunction) {
  const double truth = 1e-3;
  const double limit = quantile(complement(boost::math::normal(), truth));
  expect_coverage({64, sum_of}, limit, truth);
}

TEST(Splitting, HoldsTheShareOfASumOfSquares) {
  const double truth = 1e-4;
  const double limit = quantile(complement(boost::math::chi_squared(30), truth));
  expect_coverage({30, square_of}, limit, truth);
}

TEST(Splitting, HoldsTheShareOfCountsThatAgree) {
  const double truth = cdf(complement(boost::math::normal(), 3.75));  // 8.8e-5
  expect_coverage({64, counted_sum}, 3.6, truth);
}

TEST(Splitting, ReachesOneInAHundredThousandInThousandsOfDimensions) {
  const double truth = 1e-5, limit = quantile(complement(boost::math::normal(), truth));
  const SplittingAnswer found = split(settings(7), limit, MadeUp{2000, sum_of}.of(7));
  const Estimate share = found.share_above(limit, 0.999);
  EXPECT_LT(share.lo, truth);
  EXPECT_GT(share.hi, truth);
  EXPECT_GT(share.lo, truth / 10);
  EXPECT_LT(share.hi, truth * 10);
  EXPECT_GT(plain_draws_for(share, 0.999), 5 * static_cast<double>(found.evaluations));
  // Shares of milder limits come from the same populations.
  for (const double milder : {0.5, 1.5, 2.5, 3.5}) {
    const Estimate e = found.share_above(milder, 0.999);
    const double p = cdf(complement(boost::math::normal(), milder));
    EXPECT_LT(e.lo, p) << milder;
    EXPECT_GT(e.hi, p) << milder;
  }
}

// One move at each level mixes badly, which may cost spread but no bias: over 300 repetitions the
// mean is within five of its standard errors (6e-7), and `excess` says what it cost.
TEST(Splitting, IsUnbiasedHoweverFewTheMoves) {
  SplittingSettings asked = settings(3);
  asked.chips = 20;
  asked.moves = 1;
  asked.repetitions = 300;
  const double truth = 1e-3, limit = quantile(complement(boost::math::normal(), truth));
  const SplittingAnswer found = split(asked, limit, MadeUp{64, sum_of}.of(3));
  Replicates shares{{1.0}, {}, 0};
  for (const Splitting& run : found.repetitions) shares.values.push_back({run.share_above(limit)});
  const double error = std_between(shares) / std::sqrt(300.0);
  EXPECT_LT(error, 0.15 * truth);
  EXPECT_NEAR(found.share_above(limit, 0.9).mean, truth, 5 * error);
  EXPECT_GT(found.excess(limit), 1.5);
}

TEST(Splitting, CountsPlainChipsWhereALimitIsNoRareOne) {
  const SplittingAnswer found = split(settings(4), 0.3, MadeUp{64, sum_of}.of(4));
  EXPECT_TRUE(found.levels.empty());
  EXPECT_EQ(found.evaluations, 11 * 60);
  EXPECT_TRUE(std::isnan(found.least_accepted()));
  EXPECT_NEAR(found.share_above(0.3, 0.95).mean, 0.382, 5 * std::sqrt(0.382 * 0.618 / 600));
}

TEST(Splitting, SaysWhereNoChipIsBeyond) {
  const auto bounded = [](const std::vector<float>& z) { return std::min(1.0, sum_of(z)); };
  const SplittingAnswer found = split(settings(5), 2.0, MadeUp{64, bounded}.of(5));
  const Estimate share = found.share_above(2.0, 0.95);
  EXPECT_EQ(share.mean, 0);
  EXPECT_EQ(share.lo, 0);
  EXPECT_TRUE(std::isnan(share.hi));
  EXPECT_EQ(found.without(2.0), 10);
  EXPECT_TRUE(std::isnan(plain_draws_for(share, 0.95)));
  // All chips alike: not even a level.
  const SplittingAnswer same =
      split(settings(5), 2.0, MadeUp{64, [](const std::vector<float>&) { return 1.0; }}.of(5));
  EXPECT_TRUE(same.levels.empty());
}

TEST(Splitting, IsTheSameEachTimeAndDrawsAreOfOneStepEach) {
  std::vector<std::vector<std::uint64_t>> asked[2];
  std::set<std::uint64_t> plain;
  SplittingSettings few = settings(6);
  few.repetitions = 2;
  for (auto& paths : asked) {
    const Badness badness = MadeUp{64, sum_of}.of(6);
    split(few, 2.5, [&](std::int64_t repetition, const NoisePath& path) {
      std::vector<std::uint64_t> draws{static_cast<std::uint64_t>(repetition), path.first,
                                       path.reads};
      for (const NoisePath::Step& step : path.steps) draws.push_back(step.draw);
      if (path.steps.empty()) plain.insert(path.first);
      paths.push_back(std::move(draws));
      return badness(repetition, path);
    });
  }
  EXPECT_EQ(asked[0], asked[1]);
  EXPECT_EQ(plain.size(), 3u * 60);
  std::set<std::uint64_t> last;
  for (const auto& draws : asked[0])
    if (draws.size() > 3) {
      EXPECT_TRUE(last.insert(draws.back()).second);
    }
}

// By hand: half of the logarithm's width is 0.5 = 1.96 sqrt((1 - p) / (p n)), p = 0.01: n = 1521.
TEST(Splitting, KnowsHowManyPlainDrawsSayAsMuch) {
  Estimate share;
  share.mean = 0.01;
  share.lo = 0.01 * std::exp(-0.5);
  share.hi = 0.01 * std::exp(0.5);
  EXPECT_NEAR(plain_draws_for(share, 0.95), 1521, 1);
}

}  // namespace
}  // namespace ohmic
