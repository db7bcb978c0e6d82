// Layers with devices of their own: their noise changes, everybody else's stays the same bits.
#include <gtest/gtest.h>

#include "nn/analog/output_snr.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

constexpr std::uint64_t kSeed = 5;

/// small_resnet on awgn devices, some layers with another eta.
struct OwnChip {
  OwnChip(double eta, const std::map<std::string, double>& own)
      : graph(test::small_resnet(true)), weights(test::random_weights(graph)) {
    LayerDevices devices(test::awgn(eta));
    for (const auto& [layer, own_eta] : own) devices.own[layer] = test::awgn(own_eta);
    backend = make_backend("reference");
    network = std::make_unique<AnalogNetwork>(MappedNetwork(graph, weights, {}, {}, {}, devices),
                                              *backend);
  }
  /// Noise that draw 3 adds to a layer's kernel.
  std::vector<float> noise(const std::string& layer) {
    std::vector<float> d =
        network->program(kSeed, 3).effective_weights().at(layer + ".weight").values;
    const auto& w = weights.at(layer + ".weight").values;
    for (std::size_t i = 0; i < d.size(); ++i) d[i] -= w[i];
    return d;
  }
  Graph graph;
  Weights weights;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<AnalogNetwork> network;
};

TEST(LayerDevices, OneLayersEtaLeavesTheOthersNoiseBitForBit) {
  OwnChip plain(0.1, {}), own(0.1, {{"a.conv2", 0.2}});
  for (const std::string& layer : crossbar_layers(plain.graph)) {
    const auto before = plain.noise(layer), after = own.noise(layer);
    if (layer != "a.conv2") {
      EXPECT_EQ(before, after) << layer;
      continue;
    }
    // Twice the eta is twice the same normals, to the rounding of a float weight.
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], 2 * before[i], 1e-6);
  }
}

TEST(LayerDevices, NoiseInOneLayerAloneIsThatOfTheWholeChipThere) {
  OwnChip all(0.1, {}), alone(0, {{"b.conv1", 0.1}});
  EXPECT_EQ(alone.noise("b.conv1"), all.noise("b.conv1"));
  for (const float n : alone.noise("a.conv1")) EXPECT_NEAR(n, 0, 1e-7);
}

TEST(LayerDevices, ALayerIsMappedToTheRangeOfItsOwnDevices) {
  const Graph graph = test::small_resnet(true);
  LayerDevices devices(test::awgn(0, "g_max_S = 1e-5"));
  devices.own["linear"] = test::awgn(0, "g_min_S = 1e-6\ng_max_S = 4e-5");
  const MappedNetwork network(graph, test::random_weights(graph), {}, {}, {}, devices);
  for (const MappedLayer& layer : network.layers()) {
    const double range_S = layer.name() == "linear" ? 3.9e-5 : 1e-5;
    EXPECT_NEAR(layer.scale().weight_per_S * range_S / layer.scale().w_max, 1, 1e-12);
  }
}

TEST(LayerDevices, ALayerThatDoesNotExistIsNamedWithOneThatDoes) {
  try {
    OwnChip(0.1, {{"b.conv3", 0.2}});
    FAIL() << "expected a ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "error: device.layers.b.conv3: small has no such crossbar layer; did you mean "
                 "\"b.conv1\"? It has conv1, a.conv1, a.conv2, b.conv1, b.conv2, b.proj, linear");
  }
  const auto wrong = unknown_layers(test::small_resnet(false), {"head", "linear", "c.*"});
  EXPECT_EQ(wrong.at("head"),
            "small has no such crossbar layer; it has conv1, a.conv1, a.conv2, b.conv1, b.conv2, "
            "linear");
  EXPECT_EQ(wrong.at("c.*"),
            "small has no crossbar layer of such a name; it has conv1, a.conv1, a.conv2, b.conv1, "
            "b.conv2, linear");
  EXPECT_EQ(wrong.size(), 2u);
}

TEST(LayerDevices, OfAPatternAreThoseOfTheLayersItFitsThatHaveNoneByName) {
  OwnChip plain(0.1, {}), own(0.1, {{"?.conv2", 0.2}, {"a.conv2", 0.3}});
  const std::map<std::string, double> times{{"a.conv2", 3}, {"b.conv2", 2}};
  for (const std::string& layer : crossbar_layers(plain.graph)) {
    const auto before = plain.noise(layer), after = own.noise(layer);
    const double factor = times.contains(layer) ? times.at(layer) : 1;
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_NEAR(after[i], factor * before[i], 1e-6) << layer;
  }
}

TEST(LayerDevices, TwoPatternsForOneLayerAreRefused) {
  const auto wrong = unknown_layers(test::small_resnet(false), {"a.*", "*.conv2", "conv1"});
  ASSERT_EQ(wrong.size(), 2u);
  EXPECT_EQ(wrong.at("a.*"),
            "fits a.conv2, and so does \"*.conv2\": expected one pattern for a layer, or its name, "
            "which goes over patterns");
}

// Mean over 400 draws of the power of x dW: for a dense layer sigma^2 ||x||^2, and x is the same
// for all outputs. 5 outputs and 400 draws make 2000 squares of normals: standard error of their
// mean sqrt(2/2000) = 3.2 %, five of them: false alarm 6e-7.
TEST(OutputSnrs, OfADenseLayerAreThoseOfItsWeightNoise) {
  OwnChip chip(0.1, {});
  const std::vector<float> image = test::normals(6 * 6 * 3, 999);
  const auto errors = output_snrs(*chip.network, image.data(), 1, kSeed, 0, 400);
  test::LiteralNetwork literal(chip.graph, chip.weights);
  const std::vector<double> logits = literal.logits(image.data());
  const auto& x = literal.values()[literal.values().size() - 2];
  double x2 = 0, signal = 0;
  for (const double v : x) x2 += v * v;
  for (const double z : logits) signal += z * z / 5;
  const double sigma = 0.1 * chip.network->layers().back().scale().sigma_w;
  EXPECT_EQ(errors.back().layer, "linear");
  EXPECT_NEAR(errors.back().signal / signal, 1, 1e-5);
  EXPECT_NEAR(errors.back().own_error / (sigma * sigma * x2), 1, 0.16);
  EXPECT_GT(errors.back().error, errors.back().own_error);
  // The first layer reads the image: nothing is before it.
  EXPECT_EQ(errors.front().error, errors.front().own_error);
}

TEST(OutputSnrs, PowersInDecibels) {
  EXPECT_DOUBLE_EQ(power_dB(200, 2), 20);
  EXPECT_EQ(power_dB(1, 0), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace ohmic
