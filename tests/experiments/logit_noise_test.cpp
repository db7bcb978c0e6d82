// Predicted accuracy against closed forms and against brute force on a network that is linear, for
// which the prediction is exact.
#include "experiments/statistics/logit_noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/analog/analog_network.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

double Q(double t) { return std::erfc(t / std::sqrt(2.0)) / 2; }

/// Images of two classes with given margins of class 0; one layer; A = diag(a, b).
LogitSpread two_classes(const std::vector<float>& margins, float a, float b) {
  LogitSpread spread;
  spread.classes = 2;
  spread.layers = {"linear"};
  for (const float m : margins) {
    spread.logits.insert(spread.logits.end(), {m, 0.0f});
    spread.gram.insert(spread.gram.end(), {a, 0.0f, b});
  }
  return spread;
}

// 2 images x 40,000 samples: standard error at most 0.5/sqrt(80000) = 0.18 %; five of them: false
// alarm 6e-7 (seed 1).
TEST(PredictedAccuracy, OfTwoClassesIsTheTailOfANormal) {
  const LogitSpread spread = two_classes({1.0f, 3.0f}, 0.5f, 1.5f);
  const std::vector<std::int32_t> labels{0, 0};
  for (const double sigma : {0.5, 1.0, 2.0}) {
    const double std = sigma * std::sqrt(2.0);
    const double exact = 1 - (Q(1 / std) + Q(3 / std)) / 2;
    EXPECT_NEAR(predicted_accuracy(spread, labels, std::vector{sigma}, 1, 40000), exact, 0.009);
  }
}

TEST(PredictedAccuracy, WithoutNoiseIsThatOfTheLogits) {
  const LogitSpread spread = two_classes({1.0f, -1.0f, 2.0f, 0.0f}, 1, 1);
  const std::vector<std::int32_t> labels{0, 0, 0, 0};
  EXPECT_EQ(predicted_accuracy(spread, labels, std::vector{0.0}, 1, 10), 0.75);
}

// Both logits move together: their order never changes, whatever the noise.
TEST(PredictedAccuracy, KeepsCorrelations) {
  LogitSpread spread = two_classes({0.1f}, 1, 1);
  spread.gram = {1, 1, 1};
  EXPECT_EQ(predicted_accuracy(spread, std::vector<std::int32_t>{0}, std::vector{50.0}, 1, 1000),
            1.0);
}

// -d/dv of 1 - mean Q(m/sqrt(a v)) by central differences.
TEST(LossPerVariance, IsTheDerivativeOfTheAccuracy) {
  const LogitSpread spread = two_classes({1.0f, 3.0f}, 0.5f, 1.5f);
  const auto accuracy = [](double v) {
    return 1 - (Q(1 / std::sqrt(2 * v)) + Q(3 / std::sqrt(2 * v))) / 2;
  };
  const double v = 0.7, step = 1e-4;
  const double expected = -(accuracy(v + step) - accuracy(v - step)) / (2 * step);
  const auto loss =
      loss_per_variance(spread, std::vector<std::int32_t>{0, 0}, std::vector{std::sqrt(v)});
  EXPECT_NEAR(loss.at(0) / expected, 1, 1e-6);
}

// Layers of cost 16 and 1, losses 1 and 4: e1^2/e2^2 = sqrt(16/1) / sqrt(1/4) = 8. No split of the
// same loss is cheaper.
TEST(CheapestShares, SolveTheLagrangeCondition) {
  const std::vector<double> cost{16, 1}, loss{1, 4};
  const auto e = cheapest_shares(cost, loss);
  EXPECT_NEAR(e[0] * e[0] / (e[1] * e[1]), 8, 1e-12);
  EXPECT_NEAR(e[0] * e[1], 1, 1e-12);
  const auto total = [&](double ratio) {  // at sum s e^2 = 1
    const double e2 = 1 / (loss[0] * ratio + loss[1]);
    return cost[0] / (ratio * e2) + cost[1] / e2;
  };
  for (const double other : {2.0, 7.0, 9.0, 30.0}) EXPECT_LT(total(8), total(other));
}

TEST(CheapestShares, AreEqualWhereNothingIsKnown) {
  EXPECT_EQ(cheapest_shares(std::vector{1.0, 9.0}, std::vector{0.0, 0.0}), (std::vector{1.0, 1.0}));
}

/// One dense layer on 12 inputs and 4 classes; the labels are the digital network's answers.
struct Linear {
  Linear() {
    test::GraphMaker g(1, 12);
    g.dense("linear", 0, 4);
    graph = g.graph();
    weights = test::random_weights(graph);
    x = test::normals(kImages * 12, 999);
    NoisePropagation(graph, weights).add(x.data(), kImages, spread);
    for (std::size_t i = 0; i < kImages; ++i)
      labels.push_back(static_cast<std::uint8_t>(predicted_class(spread.logits.data() + 4 * i, 4)));
  }
  static constexpr std::size_t kImages = 40;
  Graph graph;
  Weights weights;
  std::vector<float> x;
  LogitSpread spread;
  std::vector<std::int32_t> labels;
};

// 600 programmed chips x 40 images beside the prediction: a chip's accuracy over the images has std
// below 0.1 here, so the brute-force mean has standard error below 0.4 %, the prediction's samples
// 0.5/sqrt(40 x 2000) = 0.18 %: 2.2 % is five of both together, false alarm 6e-7 (seed 7).
TEST(PredictedAccuracy, OfALinearNetworkIsWhatProgrammedChipsScore) {
  const Linear net;
  for (const double eta : {0.1, 0.4, 1.0}) {
    test::Chip chip(net.graph, net.weights, {}, eta);
    double sum = 0, squares = 0;
    constexpr int kDraws = 600;
    for (int d = 0; d < kDraws; ++d) {
      LoadedNetwork& programmed = chip.network.program(7, static_cast<std::uint64_t>(d));
      const auto z = programmed.logits(net.x.data(), Linear::kImages, 0);
      double right = 0;
      for (std::size_t i = 0; i < Linear::kImages; ++i)
        right += predicted_class(z.data() + 4 * i, 4) == net.labels[i];
      sum += right / Linear::kImages;
      squares += right / Linear::kImages * right / Linear::kImages;
    }
    const double mean = sum / kDraws;
    EXPECT_LT(std::sqrt(squares / kDraws - mean * mean), 0.1) << eta;
    const double sigma = eta * chip.network.layers().front().scale().sigma_w;
    EXPECT_NEAR(predicted_accuracy(net.spread, net.labels, std::vector{sigma}, 7, 2000), mean,
                0.022)
        << eta;
  }
}

}  // namespace
}  // namespace ohmic
