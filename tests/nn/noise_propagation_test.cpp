// Spread of logits under small weight noise. Oracles: the closed form of a dense layer, and central
// differences on the network computed as its definition reads.
#include "nn/torch/noise_propagation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/analog/layer_devices.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

double pair(const LogitSpread& spread, std::int64_t image, std::size_t layer, std::size_t c,
            std::size_t other) {
  return spread.of(image, layer)[c * (c + 1) / 2 + other];
}

// z = W x + b: the gradient of z_c with respect to row c is x, of every other row 0.
TEST(NoisePropagation, OfADenseLayerIsTheSquareOfItsInputs) {
  test::GraphMaker g(1, 7);
  g.dense("linear", 0, 3);
  const Graph graph = g.graph();
  const std::vector<float> x = test::normals(2 * 7, 999);
  LogitSpread spread;
  NoisePropagation(graph, test::random_weights(graph)).add(x.data(), 2, spread);
  ASSERT_EQ(spread.images(), 2);
  ASSERT_EQ(spread.layers, std::vector<std::string>{"linear"});
  for (std::size_t image = 0; image < 2; ++image) {
    double squares = 0;
    for (std::size_t k = 0; k < 7; ++k) squares += double{x[7 * image + k]} * x[7 * image + k];
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t other = 0; other <= c; ++other)
        EXPECT_NEAR(pair(spread, static_cast<std::int64_t>(image), 0, c, other),
                    c == other ? squares : 0, 1e-5);
  }
}

/// Gradients of all logits of one image with respect to one kernel, by central differences.
std::vector<std::vector<double>> gradients(const Graph& graph, Weights weights,
                                           const std::string& tensor, const float* image) {
  constexpr float kStep = 1e-4f;
  std::vector<std::vector<double>> by_class(5);
  for (float& w : weights.at(tensor).values) {
    const float value = w;
    w = value + kStep;
    const double up = w;
    const auto plus = test::LiteralNetwork(graph, weights).logits(image);
    w = value - kStep;
    const double down = w;
    const auto minus = test::LiteralNetwork(graph, weights).logits(image);
    w = value;
    for (std::size_t c = 0; c < 5; ++c) by_class[c].push_back((plus[c] - minus[c]) / (up - down));
  }
  return by_class;
}

// Every kind of node, asymmetric padding, both shortcuts, groups and depthwise layers. A difference
// may cross a ReLU's kink, so the tolerance is a per cent of the layer's largest entry.
TEST(NoisePropagation, OfEveryLayerIsWhatDifferencesOfLogitsSay) {
  for (const Graph& graph : {test::small_resnet(true), test::small_resnet(false),
                             test::small_mixture(false), test::small_mixture(true)}) {
    const Weights weights = test::random_weights(graph);
    const std::vector<float> x = test::normals(6 * 6 * 3, 999);
    LogitSpread spread;
    NoisePropagation(graph, weights).add(x.data(), 1, spread);
    for (std::size_t l = 0; l < spread.layers.size(); ++l) {
      const auto g = gradients(graph, weights, spread.layers[l] + ".weight", x.data());
      const auto inner = [&](std::size_t a, std::size_t b) {
        double sum = 0;
        for (std::size_t i = 0; i < g[a].size(); ++i) sum += g[a][i] * g[b][i];
        return sum;
      };
      double largest = 0;
      for (std::size_t c = 0; c < 5; ++c) largest = std::max(largest, inner(c, c));
      for (std::size_t c = 0; c < 5; ++c)
        for (std::size_t other = 0; other <= c; ++other)
          EXPECT_NEAR(pair(spread, 0, l, c, other), inner(c, other), 0.01 * largest)
              << spread.layers[l] << " " << c << " " << other;
    }
  }
}

// The mean square of a logit's change under noise of std 1e-4 in one layer, over 200 draws, is
// sigma^2 A(c, c) within five of its standard errors sqrt(2/200): 60 comparisons fail by chance
// once in 10^4 seeds.
TEST(NoisePropagation, OfAMobileNetIsWhatSmallNoiseDoes) {
  constexpr int kDraws = 200;
  constexpr float kSigma = 1e-4f;
  ModelSettings model;
  model.name = "mobilenet";
  model.width = 2;
  const Graph graph = build_model(model, 5);
  const Weights weights = test::random_weights(graph);
  const std::vector<float> x = test::normals(32 * 32 * 3, 997);
  LogitSpread spread;
  NoisePropagation(graph, weights).add(x.data(), 1, spread);
  TorchNetwork network(graph, weights, "cpu");
  const std::vector<float> z = network.logits(x.data(), 1);
  for (std::size_t l = 0; l < spread.layers.size(); ++l) {
    std::vector<double> squares(5, 0.0);
    for (int draw = 0; draw < kDraws; ++draw) {
      Weights noisy = weights;
      std::vector<float>& w = noisy.at(spread.layers[l] + ".weight").values;
      const std::vector<float> e = test::normals(w.size(), static_cast<std::uint16_t>(draw));
      for (std::size_t i = 0; i < w.size(); ++i) w[i] += kSigma * e[i];
      network.set_weights(noisy);
      const std::vector<float> y = network.logits(x.data(), 1);
      for (std::size_t c = 0; c < 5; ++c) squares[c] += std::pow(double{y[c]} - z[c], 2) / kDraws;
    }
    for (std::size_t c = 0; c < 5; ++c)
      EXPECT_NEAR(squares[c] / (double{kSigma} * kSigma * pair(spread, 0, l, c, c)), 1,
                  5 * std::sqrt(2.0 / kDraws))
          << spread.layers[l] << " " << c;
  }
}

TEST(NoisePropagation, DoesNotDependOnHowManyImagesAreAddedTogether) {
  const Graph graph = test::small_resnet(true);
  const std::vector<float> x = test::normals(20 * 6 * 6 * 3, 998);
  NoisePropagation propagation(graph, test::random_weights(graph));
  LogitSpread together, one_by_one;
  propagation.add(x.data(), 20, together);
  for (int i = 0; i < 20; ++i) propagation.add(x.data() + i * 6 * 6 * 3, 1, one_by_one);
  ASSERT_EQ(together.gram.size(), one_by_one.gram.size());
  for (std::size_t i = 0; i < together.gram.size(); ++i)
    EXPECT_NEAR(together.gram[i], one_by_one.gram[i], 1e-5 + 1e-4 * std::abs(together.gram[i]));
}

TEST(NoisePropagation, RefusesWeightsThatDoNotFit) {
  const Graph graph = test::small_resnet(true);
  Weights weights = test::random_weights(graph);
  weights.erase("conv1.weight");
  EXPECT_THROW(NoisePropagation(graph, weights), DataError);
}

}  // namespace
}  // namespace ohmic
