#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "experiments/measure/point_result.hpp"
#include "experiments/measure/stopping.hpp"
#include "experiments/statistics/estimate.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

/// Draws that saw all images: one stratum.
Replicates draws(const std::vector<double>& accuracies) {
  Replicates r{{1.0}, {}};
  for (const double a : accuracies) r.values.push_back({a});
  return r;
}

std::vector<double> normals(std::uint64_t draw, std::size_t count) {
  std::vector<double> values(count);
  fill_normals(noise_key(20251121, draw), {Stream::resampling}, 0, std::span<double>(values));
  return values;
}

// Quantiles of Student's t as printed in tables (Abramowitz and Stegun, table 26.10).
TEST(StudentT, MatchesPrintedTables) {
  EXPECT_NEAR(student_t_quantile(0.975, 1), 12.706, 5e-4);
  EXPECT_NEAR(student_t_quantile(0.975, 4), 2.776, 5e-4);
  EXPECT_NEAR(student_t_quantile(0.975, 9), 2.262, 5e-4);
  EXPECT_NEAR(student_t_quantile(0.95, 10), 1.812, 5e-4);
  EXPECT_NEAR(student_t_quantile(0.995, 30), 2.750, 5e-4);
  EXPECT_NEAR(student_t_quantile(0.975, 1e9), 1.95996, 5e-5);
}

// With 2 degrees of freedom t_p = (2p - 1) / sqrt(2 p (1 - p)).
TEST(StudentT, IsTheClosedFormForTwoDegrees) {
  for (const double p : {0.6, 0.9, 0.975, 0.9995})
    EXPECT_NEAR(student_t_quantile(p, 2), (2 * p - 1) / std::sqrt(2 * p * (1 - p)), 1e-9 / (1 - p));
}

// Mean 0.92, std 0.02, standard error 0.02/sqrt(3), t_0.975 with 2 degrees = 4.302653.
TEST(MeanEstimate, IsTheTIntervalOfTheDraws) {
  const Estimate e = mean_estimate(draws({0.90, 0.92, 0.94}), 0.95);
  EXPECT_NEAR(e.mean, 0.92, 1e-12);
  EXPECT_NEAR(e.standard_error, 0.011547005, 1e-9);
  EXPECT_NEAR(e.half_width(), 0.049682757, 1e-6);
  EXPECT_NEAR(std_between(draws({0.90, 0.92, 0.94})), 0.02, 1e-12);
}

TEST(MeanEstimate, OneDrawHasAMeanAndNoInterval) {
  const Estimate e = mean_estimate(draws({0.5}), 0.95);
  EXPECT_EQ(e.mean, 0.5);
  EXPECT_TRUE(std::isnan(e.lo) && std::isnan(e.hi));
  EXPECT_TRUE(std::isnan(mean_estimate(draws({}), 0.95).mean));
}

// Two batches of equal size, one easy and one hard: the difference between them is no noise.
// Var = (0.5^2 s1^2 + 0.5^2 s2^2) / 3 with s1 = 0.01, s2 = 0.02: 4.1667e-5; Satterthwaite:
// 2 (1 + 4)^2 / (1 + 16) = 2.941 degrees.
TEST(MeanEstimate, TakesTheVarianceWithinBatches) {
  const Replicates r{{0.5, 0.5}, {{0.98, 0.52}, {0.99, 0.50}, {0.97, 0.48}}};
  const Estimate e = mean_estimate(r, 0.95);
  EXPECT_NEAR(e.mean, 0.74, 1e-12);
  EXPECT_NEAR(e.standard_error * e.standard_error, 4.1667e-5, 1e-8);
  EXPECT_NEAR(e.degrees_of_freedom, 2.0 * 25 / 17, 1e-9);
}

TEST(MeanEstimate, AgreesWithItselfWhenDrawsDoNotDiffer) {
  const Estimate e = mean_estimate(draws({0.1, 0.1, 0.1, 0.1}), 0.95);
  EXPECT_NEAR(e.lo, 0.1, 1e-12);
  EXPECT_NEAR(e.hi, 0.1, 1e-12);
}

// A_avr of two eta that share their draws is the mean of the per-draw averages, and its interval is
// theirs: 0.75, 0.85, 0.80 by hand.
TEST(AverageEstimate, IsTheIntervalOfThePerDrawAverages) {
  const Replicates a = draws({0.8, 0.9, 1.0}), b = draws({0.35, 0.4, 0.3});
  const Estimate pair = average_estimate({&a, &b}, {1.0, 2.0}, 0.95);
  const Estimate by_hand = mean_estimate(draws({0.75, 0.85, 0.80}), 0.95);
  EXPECT_NEAR(pair.mean, by_hand.mean, 1e-12);
  EXPECT_NEAR(pair.lo, by_hand.lo, 1e-12);
  EXPECT_NEAR(pair.hi, by_hand.hi, 1e-12);
}

// Opposite draws cancel in the average: its interval has no width though each eta's has.
TEST(AverageEstimate, CountsTheCovariance) {
  const Replicates a = draws({0.8, 0.9, 1.0}), b = draws({0.5, 0.4, 0.3});
  EXPECT_NEAR(average_estimate({&a, &b}, {1, 1}, 0.95).half_width(), 0.0, 1e-7);
}

/// Share of simulated experiments whose interval covers the truth (0).
template <class Simulate>
double coverage(int experiments, const Simulate& simulate) {
  int covered = 0;
  for (int i = 0; i < experiments; ++i) {
    const Estimate e = simulate(static_cast<std::uint64_t>(i));
    covered += e.lo <= 0 && 0 <= e.hi;
  }
  return static_cast<double>(covered) / experiments;
}

// Exact for normal draws. 20,000 experiments, seed 20251121: the share has a standard error of
// 0.00154; 4.5 of them are a false alarm in 150,000.
TEST(MeanEstimate, CoversAsOftenAsItSays) {
  EXPECT_NEAR(coverage(20000, [](auto i) { return mean_estimate(draws(normals(i, 5)), 0.95); }),
              0.95, 4.5 * 0.00154);
}

// Strata of unequal spread, 4 passes over 3 batches. Satterthwaite is an approximation: allow half
// a point beside the same sampling error.
TEST(MeanEstimate, CoversWithBatches) {
  const auto simulate = [](std::uint64_t i) {
    const auto z = normals(i, 12);
    Replicates r{{0.4, 0.4, 0.2}, {}};
    for (std::size_t p = 0; p < 4; ++p)
      r.values.push_back({5 + z[3 * p], -3 + 2 * z[3 * p + 1], -4 + 0.5 * z[3 * p + 2]});
    return mean_estimate(r, 0.95);
  };
  EXPECT_NEAR(coverage(20000, simulate), 0.95, 0.005 + 4.5 * 0.00154);
}

/// Draws that saw 500 images.
Replicates counted(const std::vector<double>& correct) {
  Replicates r = draws({});
  r.quantum = 1.0 / 500;
  for (const double c : correct) r.values.push_back({c / 500});
  return r;
}

double half_width_in_images(const Replicates& r) {
  return 500 * mean_estimate(r, 0.95).half_width();
}

// 1 - 0.025^(1/3) = 0.70760 of an image to either side; of 10 draws 0.30850.
TEST(MeanEstimate, DrawsThatAgreeLeaveRoomForAPartOfAnImage) {
  EXPECT_NEAR(half_width_in_images(counted({450, 450, 450})), 0.70760, 1e-5);
  EXPECT_NEAR(half_width_in_images(counted(std::vector<double>(10, 450))), 0.30850, 1e-5);
  EXPECT_NEAR(mean_estimate(counted({450, 450, 450}), 0.95).mean, 0.9, 1e-12);
}

// 4 passes over 100 batches: 100 (1 - 0.025^(1/400)) = 0.91799; a pass has 100 chances to differ.
TEST(MeanEstimate, PassesThatAgreeLeaveRoomInEveryBatch) {
  Replicates batches{std::vector<double>(100, 0.01), {}, 1.0 / 500};
  batches.values.assign(4, std::vector<double>(100, 0.8));
  EXPECT_NEAR(half_width_in_images(batches), 0.91799, 1e-5);
}

// 440, 450, 460: std 10, 4.302653 * 10 / sqrt(3) = 24.8414 images, which have nothing to add.
TEST(MeanEstimate, IsTheTIntervalWhereThatIsWider) {
  const Estimate e = mean_estimate(counted({440, 450, 460}), 0.95),
                 without = mean_estimate(draws({440.0 / 500, 450.0 / 500, 460.0 / 500}), 0.95);
  EXPECT_NEAR(500 * e.half_width(), 24.8414, 1e-4);
  EXPECT_EQ(e.lo, without.lo);
  EXPECT_EQ(e.hi, without.hi);
}

// Two eta over baselines of 0.5 that share draws: one draw that differs may differ in both.
TEST(AverageEstimate, WhatEachConditionLeavesRoomForAddsUp) {
  const Replicates a = counted({200, 200, 200});
  EXPECT_NEAR(500 * average_estimate({&a, &a}, {2, 2}, 0.95).half_width(), 2 * 0.70760, 2e-5);
  EXPECT_NEAR(500 * average_estimate({&a, &a}, {2, -2}, 0.95).half_width(), 2 * 0.70760, 2e-5);
}

/// Probability that the interval of n draws holds the mean when a draw has an image less with
/// probability p: a sum over all outcomes, without a simulation.
double exact_coverage(int n, double p) {
  double covered = 0;
  for (int k = 0; k <= n; ++k) {
    std::vector<double> correct(static_cast<std::size_t>(n), 450);
    std::fill_n(correct.begin(), k, 449);
    const Estimate e = mean_estimate(counted(correct), 0.95);
    const double truth = (450 - p) / 500;
    if (e.lo <= truth && truth <= e.hi)
      covered += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                          k * std::log(p) + (n - k) * std::log1p(-p));
  }
  return covered;
}

// An image that a draw has or has not. Without the floor the interval missed whenever all draws
// agree: for p = 1/n in 33 to 50 %. Up to 5 draws the promise is kept for every p; for more where
// an image is rare (0.5 to 3 draws of all are expected to miss it), and else there are misses that
// are the t interval's own, as a count has two values.
TEST(MeanEstimate, CoversWhereDrawsHardlyDiffer) {
  for (const int n : {2, 3, 4, 5})
    for (double p = 0.002; p < 0.999; p += 0.002) EXPECT_GE(exact_coverage(n, p), 0.95) << n << p;
  for (const int n : {10, 30, 100}) {
    for (const double expected : {0.5, 1.0, 2.0, 3.0})
      EXPECT_GE(exact_coverage(n, expected / n), 0.98) << n << ", " << expected;
    for (double p = 0.002; p < 0.999; p += 0.002) EXPECT_GE(exact_coverage(n, p), 0.90) << n << p;
  }
}

// Batches of which each hides a rare image: 3 passes over 20 batches, a batch has an image less
// with probability p. Seed 20251121, 4,000 experiments each: the share's standard error is 0.0034
// at 0.95; 4.5 of them below are a false alarm in 300,000.
TEST(MeanEstimate, CoversWhereBatchesHardlyDiffer) {
  for (const double p : {0.01, 0.03, 0.06}) {
    const auto simulate = [&](std::uint64_t i) {
      const auto z = normals(i, 60);
      Replicates r{std::vector<double>(20, 0.05), {}, 1.0 / 500};
      for (std::size_t pass = 0; pass < 3; ++pass) {
        r.values.emplace_back();
        for (std::size_t j = 0; j < 20; ++j)
          r.values.back().push_back((20 - (std::erfc(z[20 * pass + j] / std::sqrt(2.0)) / 2 < p)) /
                                    25.0);
      }
      Estimate e = mean_estimate(r, 0.95);
      const double truth = (400 - 20 * p) / 500;
      e.lo -= truth;
      e.hi -= truth;
      return e;
    };
    EXPECT_GT(coverage(4000, simulate), 0.95 - 4.5 * 0.0034) << p;
  }
}

// Two eta with correlation 0.8 and 12 against 6 draws.
TEST(AverageEstimate, CoversWithUnequalNumbersOfDraws) {
  const auto simulate = [](std::uint64_t i) {
    const auto z = normals(i, 24);
    std::vector<double> a, b;
    for (std::size_t d = 0; d < 12; ++d) {
      a.push_back(z[d]);
      if (d < 6) b.push_back(0.8 * z[d] + 0.6 * z[12 + d]);
    }
    const Replicates ra = draws(a), rb = draws(b);
    return average_estimate({&ra, &rb}, {1, 1}, 0.95);
  };
  EXPECT_NEAR(coverage(20000, simulate), 0.95, 0.01 + 4.5 * 0.00154);
}

/// A point as a run measures it: `passes` over 400 images in 4 batches, a draw per batch, the
/// counts of right answers rounded as counts are. Batches differ in how hard and how noisy they
/// are; the spread grows with eta and the same draws serve every eta.
Replicates measured_counts(std::uint64_t experiment, int eta, std::size_t passes) {
  constexpr double kHard[] = {10, 4, -2, -12}, kSpread[] = {0.5, 1, 1.5, 2};
  const auto z = normals(experiment, passes * 4);
  PointResult point;
  point.images = 400;
  point.batch = 100;
  for (std::size_t p = 0; p < passes; ++p) {
    DrawResult draw;
    for (std::size_t j = 0; j < 4; ++j)
      draw.scores.push_back(
          std::round(80 - 5 * eta + kHard[j] + (1 + eta) * kSpread[j] * z[4 * p + j]));
    point.draws.push_back(draw);
  }
  return point.replicates();
}

// Expectation of right answers in a batch at eta number e: 80 - 5 e.
double expected_accuracy(int eta) { return (80 - 5 * eta) / 100.0; }

// A_x is the accuracy over a baseline that is a constant. Satterthwaite as above.
TEST(MeanEstimate, CoversTheNormalisedAccuracyOfCountsInBatches) {
  constexpr double kBaseline = 0.85;
  const auto simulate = [&](std::uint64_t i) {
    Estimate e = mean_estimate(measured_counts(i, 2, 5), 0.95).scaled(1 / kBaseline);
    const double truth = expected_accuracy(2) / kBaseline;
    e.lo -= truth;
    e.hi -= truth;
    return e;
  };
  EXPECT_NEAR(coverage(20000, simulate), 0.95, 0.005 + 4.5 * 0.00154);
}

// A_avr over six eta that share a baseline and their draws.
TEST(AverageEstimate, CoversTheMeanOfSixEtaThatShareDrawsAndBaseline) {
  constexpr double kBaseline = 0.85;
  double truth = 0;
  for (int eta = 1; eta <= 6; ++eta) truth += expected_accuracy(eta) / kBaseline / 6;
  const auto simulate = [&](std::uint64_t i) {
    std::vector<Replicates> measured;
    for (int eta = 1; eta <= 6; ++eta) measured.push_back(measured_counts(i, eta, 5));
    std::vector<const Replicates*> conditions;
    for (const Replicates& r : measured) conditions.push_back(&r);
    Estimate e = average_estimate(conditions, std::vector<double>(6, 1 / kBaseline), 0.95);
    e.lo -= truth;
    e.hi -= truth;
    return e;
  };
  EXPECT_NEAR(coverage(20000, simulate), 0.95, 0.005 + 4.5 * 0.00154);
}

EvaluationSettings with_stop(double half_width, std::int64_t max_draws) {
  EvaluationSettings settings;
  settings.draws = 10;
  settings.stop = StopRule{half_width, max_draws};
  return settings;
}

TEST(Stopping, WithoutARuleTakesTheDrawsAskedFor) {
  EvaluationSettings settings;
  settings.draws = 3;
  EXPECT_EQ(draws_missing(settings, draws({})), 3);
  EXPECT_EQ(draws_missing(settings, draws({0.1, 0.2})), 1);
  EXPECT_EQ(draws_missing(settings, draws({0.1, 0.2, 0.3})), 0);
}

TEST(Stopping, LooksOnAFixedSchedule) {
  const EvaluationSettings settings = with_stop(1e-9, 40);
  std::vector<std::int64_t> looks;
  std::vector<double> sample;
  while (const auto missing = draws_missing(settings, draws(sample))) {
    sample = normals(1, sample.size() + static_cast<std::size_t>(missing));
    looks.push_back(static_cast<std::int64_t>(sample.size()));
  }
  EXPECT_EQ(looks, (std::vector<std::int64_t>{10, 15, 23, 35, 40}));
}

// 10 draws that agree are known to 0.31 of an image, 0.0006 of all: a wish for less draws on.
TEST(Stopping, IsNotSureOfAPartOfAnImage) {
  const Replicates agree = counted(std::vector<double>(10, 450));
  EXPECT_EQ(draws_missing(with_stop(0.001, 40), agree), 0);
  EXPECT_EQ(draws_missing(with_stop(0.0005, 40), agree), 5);
}

TEST(Stopping, StopsWhenNarrowEnough) {
  EXPECT_EQ(draws_missing(with_stop(0.1, 40), draws(std::vector<double>(10, 0.5))), 0);
}

/// Runs one experiment to its stop and gives the interval that would be reported.
Estimate run_to_stop(const EvaluationSettings& settings, std::uint64_t experiment) {
  const std::vector<double> all =
      normals(experiment, static_cast<std::size_t>(settings.stop->max_draws));
  std::vector<double> sample;
  while (const auto missing = draws_missing(settings, draws(sample)))
    sample.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(sample.size()) + missing);
  return mean_estimate(draws(sample), settings.confidence);
}

// Stopping at a lucky look costs coverage: a sequence of looks at normal draws of std 1, wanted
// half-widths from "stops at the first look" to "never stops". 4,000 experiments each, standard
// error 0.0035: 0.925 would be missed by a true coverage of 0.94 once in 100,000.
TEST(Stopping, KeepsMostOfTheCoverage) {
  for (const double half_width : {0.7, 0.5, 0.35}) {
    const EvaluationSettings settings = with_stop(half_width, 60);
    const double covered = coverage(4000, [&](auto i) { return run_to_stop(settings, i); });
    RecordProperty("covered", std::to_string(covered));
    EXPECT_GT(covered, 0.925) << "half width " << half_width;
  }
}

// The same for passes with a draw per batch, half-widths around what 10 to 60 passes give.
TEST(Stopping, KeepsMostOfTheCoverageWithBatches) {
  for (const double half_width : {0.006, 0.004, 0.003}) {
    const EvaluationSettings settings = with_stop(half_width, 60);
    const auto simulate = [&](std::uint64_t i) {
      const Replicates all = measured_counts(i, 1, 60);
      Replicates sample{all.weights, {}, all.quantum};
      while (const auto missing = draws_missing(settings, sample))
        sample.values.assign(all.values.begin(), all.values.begin() + sample.count() + missing);
      Estimate e = mean_estimate(sample, settings.confidence);
      e.lo -= expected_accuracy(1);
      e.hi -= expected_accuracy(1);
      return e;
    };
    const double covered = coverage(4000, simulate);
    RecordProperty("covered", std::to_string(covered));
    EXPECT_GT(covered, 0.925) << "half width " << half_width;
  }
}

}  // namespace
}  // namespace ohmic
