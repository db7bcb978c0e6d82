// Layers with converters of their own, against networks whose layers all have the same.
#include <gtest/gtest.h>

#include "tests/nn/chip.hpp"
#include "tests/nn/three_norms.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 6;

/// Dense layers "a" and "b" of an image's channels, with a ReLU between.
Graph both_layers() {
  test::GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  g.dense("b", g.relu(g.dense("a", g.average(0), 7)), 5);
  return g.graph();
}
/// "a" and its ReLU.
Graph first_layer() {
  test::GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  g.relu(g.dense("a", g.average(0), 7));
  return g.graph();
}
/// "b" of what "a" gives, which the ReLU leaves as it is.
Graph second_layer() {
  test::GraphMaker g(1, 7);
  g.dense("b", g.relu(0), 5);
  return g.graph();
}

NetworkPeriphery converters(int dac_bits, int adc_bits, LayerConverters own = {}) {
  Periphery common;
  common.dac = Dac{.bits = dac_bits};
  common.adc = Adc{.bits = adc_bits};
  return {common, std::move(own)};
}

Value keys(const std::string& toml) { return parse_toml(toml, "keys.toml"); }

Weights some_of(const Weights& weights, const std::string& layer) {
  return {{layer + ".weight", weights.at(layer + ".weight")},
          {layer + ".bias", weights.at(layer + ".bias")}};
}

class OwnConverters : public testing::TestWithParam<std::string> {
 protected:
  OwnConverters() : x(kImages * ImageSet::kPixels) {
    normalized_batch(seen, {}, 0, kImages, x.data());
  }

  AnalogNetwork network(const Graph& graph, const Weights& its, const NetworkPeriphery& periphery,
                        const std::optional<Calibration>& ranges = {}) const {
    MappingSettings mapping;
    mapping.tile = {2, 4};  // partial sums of row tiles are converted one by one
    const MappedNetwork mapped(graph, its, mapping, {}, periphery, test::awgn(0.1));
    return {mapped, *backend, ranges ? *ranges : calibrate(mapped, *backend, seen, {}, kImages)};
  }
  static std::vector<float> answers_of(AnalogNetwork& network, const std::vector<float>& x) {
    return network.load_noise_free().logits(x.data(), kImages, 0);
  }
  std::vector<float> answers(const NetworkPeriphery& periphery) const {
    AnalogNetwork whole = network(graph, weights, periphery);
    return answers_of(whole, x);
  }

  const ImageSet seen = test::noisy_images(kImages);
  const Graph graph = both_layers();
  const Weights weights = test::random_weights(graph);
  const std::unique_ptr<Backend> backend = make_backend(GetParam());
  std::vector<float> x;
};

// The layers one by one, each a network whose converters are all the same.
TEST_P(OwnConverters, OfOneLayerAreThoseOfANetworkOfThatLayerAlone) {
  const auto mixed = converters(5, 6, {{"b", keys("adc.bits = 3\ndac.bits = 4")}});
  AnalogNetwork whole = network(graph, weights, mixed);
  const Calibration ranges = whole.calibration();
  AnalogNetwork first =
      network(first_layer(), some_of(weights, "a"), converters(5, 6), Calibration{ranges[0]});
  const std::vector<float> hidden = answers_of(first, x);
  ASSERT_EQ(hidden.size(), 7u * kImages);
  AnalogNetwork second =
      network(second_layer(), some_of(weights, "b"), converters(4, 3), Calibration{ranges[1]});
  const std::vector<float> expected = answers_of(second, hidden);
  EXPECT_EQ(answers_of(whole, x), expected);
  EXPECT_NE(answers(converters(5, 6)), expected);
}

TEST_P(OwnConverters, OfAllLayersAreTheNetworksByteForByte) {
  const std::vector<float> expected = answers(converters(5, 4));
  const Value own = keys("adc.bits = 4\ndac.bits = 5");
  EXPECT_EQ(answers(converters(8, 8, {{"a", own}, {"b", own}})), expected);
  EXPECT_EQ(answers(converters(8, 8, {{"*", own}})), expected);
  EXPECT_EQ(answers(converters(5, 4, {{"a", keys("")}})), expected);
}

TEST_P(OwnConverters, GoOverThoseOfAPatternAndTheseOverThoseOfAll) {
  const auto periphery = converters(
      8, 8, {{"*", keys("adc.bits = 5\nadc.percentile = 99.0")}, {"b", keys("adc.bits = 3")}});
  EXPECT_EQ(periphery.of("a").adc->bits, 5);
  EXPECT_EQ(periphery.of("b").adc->bits, 3);
  EXPECT_EQ(periphery.of("b").adc->percentile, 99);
  EXPECT_EQ(periphery.of("b").dac->bits, 8);
  EXPECT_EQ(answers(periphery),
            answers(converters(8, 8,
                               {{"a", keys("adc.bits = 5\nadc.percentile = 99.0")},
                                {"b", keys("adc.bits = 3\nadc.percentile = 99.0")}})));
}

// A range is that of sums before they are converted.
TEST_P(OwnConverters, HaveRangesOfTheirOwnPercentile) {
  const auto ranges = [&](const NetworkPeriphery& periphery) {
    return network(graph, weights, periphery).calibration();
  };
  const Calibration all = ranges(converters(8, 8)),
                    bits = ranges(converters(8, 8, {{"a", keys("adc.bits = 3")}})),
                    own = ranges(converters(8, 8, {{"b", keys("adc.percentile = 60.0")}}));
  EXPECT_EQ(all[0].output, bits[0].output);
  EXPECT_EQ(all[1].output, bits[1].output);
  EXPECT_EQ(all[0].output, own[0].output);
  EXPECT_LT(own[1].output[0], all[1].output[0]);
}

TEST_P(OwnConverters, ThatCannotBeAreRefused) {
  const auto error = [&](const NetworkPeriphery& periphery) -> std::string {
    try {
      network(graph, weights, periphery);
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_NE(error(converters(8, 8, {{"c", keys("adc.bits = 3")}}))
                .find("periphery.layers.c: small has no such crossbar layer; it has a, b"),
            std::string::npos);
  EXPECT_NE(error(converters(8, 8, {{"a", keys("adc.bits = 99")}}))
                .find("periphery.layers.a.adc.bits: expected an integer in [1, 16]"),
            std::string::npos);
  NetworkPeriphery ideal;
  ideal.layers["a"] = keys("adc.bits = 3");
  EXPECT_NE(error(ideal).find("periphery.layers.a.adc: has no effect on ideal converters"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Backends, OwnConverters, testing::Values("reference", "cpu"));

}  // namespace
}  // namespace ohmic
