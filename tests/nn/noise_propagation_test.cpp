// Spread of logits under small weight noise. Oracles: the closed form of a dense layer, and central
// differences on the network computed as its definition reads.
#include "nn/torch/noise_propagation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

/// A dense layer at 6 tokens of 3, a recurrent cell of 5 that reads them, and a dense layer of all
/// its steps.
Graph recurrent_network(RecurrentCell cell) {
  constexpr int kTokens = 6, kHidden = 5;
  const int outputs = gates(cell) * kHidden;
  const auto layer = [](Op op, const char* name, int from, int tokens, int in, int out) {
    Node node;
    node.op = op;
    node.name = name;
    node.inputs = {from};
    node.conv.in_height = tokens;
    node.conv.in_channels = in;
    node.conv.out_channels = out;
    node.has_bias = true;
    return node;
  };
  Graph graph;
  Node input;
  set_shape(input, {kTokens, 3});
  Node rows = layer(Op::dense, "rows", 0, kTokens, 3, outputs);
  set_shape(rows, {kTokens, outputs});
  Node recurrent = layer(Op::recurrent, "recurrent", 1, 1, kHidden, outputs);
  recurrent.cell = cell;
  const int state = cell == RecurrentCell::lstm ? 2 * kHidden : kHidden;
  set_shape(recurrent, {kTokens, state});
  graph.nodes = {input, rows, recurrent};
  const int flat = add_operator(graph, "Flatten", {2}, {kTokens * state});
  Node head = layer(Op::dense, "head", flat, 1, graph.nodes.back().channels, 4);
  set_shape(head, {4});
  graph.nodes.push_back(head);
  graph.classes = 4;
  return graph;
}

// Sums over tokens and time steps, against central differences of LibTorch's logits.
TEST(NoisePropagation, OfTokensAndTimeStepsIsWhatDifferencesOfLogitsSay) {
  constexpr float kStep = 1e-2f;
  for (const RecurrentCell cell : {RecurrentCell::lstm, RecurrentCell::gru, RecurrentCell::tanh}) {
    const Graph graph = recurrent_network(cell);
    Weights weights;
    for (const ParameterShape& p : parameter_shapes(graph)) {
      std::size_t count = 1;
      for (const std::int64_t n : p.shape) count *= static_cast<std::size_t>(n);
      weights[p.name] = {p.shape, test::normals(count, static_cast<std::uint16_t>(count))};
      for (float& w : weights[p.name].values) w *= 0.5f;
    }
    const std::vector<float> x = test::normals(2 * 6 * 3, 996);
    LogitSpread spread;
    NoisePropagation(graph, weights).add(x.data(), 2, spread);
    ASSERT_EQ(spread.layers, (std::vector<std::string>{"rows", "recurrent", "head"}));
    TorchNetwork network(graph, weights, "cpu");
    for (std::size_t l = 0; l < 3; ++l) {
      std::vector<double> wanted(2 * spread.pairs());
      Weights moved = weights;
      for (float& w : moved.at(spread.layers[l] + ".weight").values) {
        const float value = w;
        w = value + kStep;
        network.set_weights(moved);
        const auto up = network.logits(x.data(), 2);
        w = value - kStep;
        network.set_weights(moved);
        const auto down = network.logits(x.data(), 2);
        w = value;
        const auto slope = [&](std::size_t i) { return (up[i] - down[i]) / (2.0 * kStep); };
        for (std::size_t image = 0, i = 0; image < 2; ++image)
          for (std::size_t c = 0; c < 4; ++c)
            for (std::size_t other = 0; other <= c; ++other)
              wanted[i++] += slope(4 * image + c) * slope(4 * image + other);
      }
      const double largest = *std::max_element(wanted.begin(), wanted.end());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto image = static_cast<std::int64_t>(i / spread.pairs());
        EXPECT_NEAR(spread.of(image, l)[i % spread.pairs()], wanted[i], 2e-3 * largest)
            << spread.layers[l] << " " << i;
      }
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
