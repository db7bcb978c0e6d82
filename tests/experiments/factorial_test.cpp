#include "experiments/budget/factorial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

namespace ohmic {
namespace {

using Accuracies = std::map<Combination, Replicates>;

/// Two draws per combination: the accuracy of `f` and of `f` plus what the draw adds to all alike.
Accuracies accuracies(int sources, const std::function<double(Combination)>& f) {
  Accuracies all;
  for (Combination c = 0; c < Combination{1} << sources; ++c)
    all[c] = {{1.0}, {{f(c)}, {f(c) + 0.05}, {f(c) - 0.02}}};
  return all;
}

double effect(const Contrast& contrast, const Accuracies& all) {
  return contrast_estimate(contrast, all, 0.95).mean;
}

/// Losses 1 and 4 %, and 2 % more when both are on; a third source does nothing.
double two_that_meet(Combination c) {
  return 0.9 - 0.01 * (c & 1) - 0.04 * (c >> 1 & 1) - 0.02 * ((c & 3) == 3);
}

TEST(Factorial, SplitsWhatTwoSourcesDoTogetherInHalves) {
  const Accuracies all = accuracies(3, two_that_meet);
  EXPECT_NEAR(effect(total_loss(3), all), 0.07, 1e-12);
  EXPECT_NEAR(effect(loss_share(Design::full, 0, 3), all), 0.02, 1e-12);
  EXPECT_NEAR(effect(loss_share(Design::full, 1, 3), all), 0.05, 1e-12);
  EXPECT_NEAR(effect(loss_share(Design::full, 2, 3), all), 0.0, 1e-12);
  EXPECT_NEAR(effect(interaction(0, 1, 3), all), 0.02, 1e-12);
  EXPECT_NEAR(effect(interaction(0, 2, 3), all), 0.0, 1e-12);
  EXPECT_NEAR(effect(loss_alone(1), all), 0.04, 1e-12);
  EXPECT_NEAR(effect(loss_last(1, 3), all), 0.06, 1e-12);
}

// By its definition: the mean over all orders of switching on of what a source adds to the loss.
TEST(Factorial, ShapleySharesAreMeansOverAllOrders) {
  const auto f = [](Combination c) {
    return 0.9 - 0.03 * std::popcount(c) * std::popcount(c) / 16.0 - 0.01 * (c & 1) -
           0.02 * ((c & 6) == 6) + 0.005 * ((c & 9) == 9);
  };
  std::vector<int> order{0, 1, 2, 3};
  std::vector<double> added(4);
  int orders = 0;
  do {
    Combination on = 0;
    for (const int s : order) {
      added[static_cast<std::size_t>(s)] += f(on) - f(on | Combination{1} << s);
      on |= Combination{1} << s;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  const Accuracies all = accuracies(4, f);
  double sum = 0;
  for (int s = 0; s < 4; ++s) {
    const double share = effect(loss_share(Design::full, s, 4), all);
    EXPECT_NEAR(share, added[static_cast<std::size_t>(s)] / orders, 1e-12);
    sum += share;
  }
  EXPECT_NEAR(sum, effect(total_loss(4), all), 1e-12);
}

// What all combinations of a draw share cancels in every effect.
TEST(Factorial, CommonDrawsLeaveNoSpread) {
  const Accuracies all = accuracies(2, two_that_meet);
  const Estimate e = contrast_estimate(loss_share(Design::full, 0, 2), all, 0.95);
  EXPECT_NEAR(e.hi - e.lo, 0, 1e-12);
}

// Resolution 4: main effects are free of interactions of two sources.
TEST(Factorial, HalfGivesTheMainEffectsOfTheWhole) {
  const auto f = [](Combination c) {
    return 0.9 - 0.01 * (c & 1) - 0.02 * (c >> 1 & 1) - 0.03 * (c >> 2 & 1) -
           0.016 * ((c & 3) == 3) - 0.008 * ((c & 12) == 12);
  };
  const std::vector<Combination> half = combinations(Design::half, 4);
  EXPECT_EQ(half.size(), 8u);
  Accuracies measured = accuracies(4, f);
  std::erase_if(measured, [&](const auto& entry) {
    return std::count(half.begin(), half.end(), entry.first) == 0;
  });
  const double expected[] = {0.018, 0.028, 0.034, 0.004};
  for (int s = 0; s < 4; ++s)
    EXPECT_NEAR(effect(loss_share(Design::half, s, 4), measured), expected[s], 1e-12);
}

TEST(Factorial, OneAtATimeMeasuresEachAloneAndAllButEach) {
  EXPECT_EQ(combinations(Design::one_at_a_time, 4),
            (std::vector<Combination>{0, 1, 2, 4, 7, 8, 11, 13, 14, 15}));
  EXPECT_EQ(combinations(Design::full, 3).size(), 8u);
  EXPECT_EQ(combinations(Design::half, 5).size(), 17u);  // 16, and nothing on
}

TEST(Factorial, AnEffectOfWhatWasNotMeasuredIsNone) {
  Accuracies some = accuracies(2, two_that_meet);
  some.erase(1);
  EXPECT_TRUE(std::isnan(effect(loss_alone(0), some)));
}

// Draws that agree in both: 1 - 0.025^(1/3) of an image in either, 0.70760/500 each.
TEST(Factorial, ADifferenceOfDrawsThatAgreeHasAWidth) {
  const Replicates agree{{1.0}, {{0.9}, {0.9}, {0.9}}, 1.0 / 500};
  const Estimate e = contrast_estimate(loss_alone(0), {{0, agree}, {1, agree}}, 0.95);
  EXPECT_NEAR(500 * e.half_width(), 2 * 0.70760, 2e-5);
}

}  // namespace
}  // namespace ohmic
