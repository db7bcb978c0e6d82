// A program that calls the library's functions with arguments that their words exclude gets an
// exception that says what is needed; the network goes on working.
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "simulator/call_error.hpp"
#include "simulator/wires.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

template <class Action>
std::string fault_of(const Action& action) {
  try {
    action();
    return "";
  } catch (const CallError& error) {
    return error.what();
  }
}

const Graph& graph() {
  static const Graph small = test::small_resnet(true);
  return small;
}

ImageSet images_of(std::int64_t count) {
  ImageSet set;
  set.pixels.resize(static_cast<std::size_t>(count * ImageSet::kPixels));
  set.labels.resize(static_cast<std::size_t>(count));
  return set;
}

/// On 6 x 6 pixels with calibrated converters.
MappedNetwork converted() {
  Periphery periphery;
  periphery.dac = Dac{};
  periphery.adc = Adc{};
  return {graph(), test::random_weights(graph()), {}, {}, periphery, test::awgn(0.1)};
}

TEST(CallArguments, ALayerThatIsNotThereIsSaid) {
  test::Chip chip(graph(), test::random_weights(graph()), {}, 0.1);
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  LoadedNetwork& digital = chip.network.load_ideal();
  EXPECT_EQ(fault_of([&] { digital.layer_output(99, x.data(), 1); }),
            "layer_output: there is no such layer");
  EXPECT_EQ(fault_of([&] { chip.network.mapped().periphery(99); }),
            "periphery: there is no such layer");
  EXPECT_EQ(digital.logits(x.data(), 1, 0).size(), 5u);
}

TEST(CallArguments, ConvertersNeedTheRangesOfTheirLayers) {
  const auto backend = make_backend("reference");
  const MappedNetwork mapped = converted();
  const std::string wanted =
      "AnalogNetwork: needs the ranges of every crossbar layer, as calibrate() finds them";
  const std::size_t layers = mapped.layers().size();
  EXPECT_EQ(fault_of([&] { AnalogNetwork(mapped, *backend); }), wanted);
  EXPECT_EQ(fault_of([&] { AnalogNetwork(mapped, *backend, Calibration(layers - 1)); }), wanted);
  EXPECT_EQ(fault_of([&] { calibrate(mapped, *backend, images_of(0), {}, 3); }),
            "calibrate: needs images");
  AnalogNetwork others(mapped, *backend, Calibration(layers, {1.0, {1, 2, 3}}));
  EXPECT_EQ(fault_of([&] { others.program(1, 0); }),
            "a layer with calibrated converters needs the ranges that its calibration found");
}

TEST(CallArguments, DigitalWeightsNeedNoRanges) {
  const auto backend = make_backend("reference");
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  const auto got = LoadedNetwork(converted(), *backend).logits(x.data(), 1, 0);
  const auto wanted = test::LiteralNetwork(graph(), test::random_weights(graph())).logits(x.data());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4);
}

TEST(CallArguments, ANetworkWhoseLoadFailedSaysSoAndCanBeLoadedAgain) {
  const auto backend = make_backend("reference");
  const Graph grouped = test::small_mixture(false);
  Periphery wired;
  wired.wires.emplace();
  AnalogNetwork network({grouped, test::random_weights(grouped), {}, {}, wired, test::awgn(0.1)},
                        *backend);
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  LoadedNetwork& loaded = network.load_ideal();
  const auto digital = loaded.logits(x.data(), 1, 0);
  EXPECT_THROW(network.program(1, 0), UnsupportedError);
  EXPECT_EQ(fault_of([&] { loaded.logits(x.data(), 1, 0); }),
            "nothing is loaded: the last load failed");
  EXPECT_EQ(network.load_ideal().logits(x.data(), 1, 0), digital);
}

TEST(CallArguments, OutsideOfASetAreRefused) {
  test::Chip chip(graph(), test::random_weights(graph()), {}, 0.1);
  LoadedNetwork& programmed = chip.network.program(1, 0);
  const std::string within = "evaluate: the images [first, first + count) must lie in the set";
  const ImageSet three = images_of(3);
  for (const auto& [first, count] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{-1, 1}, {0, 4}, {3, 1}, {0, -1}})
    EXPECT_EQ(fault_of([&] { programmed.evaluate(three, {}, first, count, 1); }), within);
  EXPECT_EQ(fault_of([&] { programmed.evaluate(three, {}, 0, 1, 0); }),
            "evaluate: batch must be above 0");
  EXPECT_EQ(fault_of([&] { chip.network.evaluate_draws(three, {}, 0, 1, 1, 0); }),
            "evaluate_draws: each and batch must be above 0");
  EXPECT_EQ(fault_of([&] { BatchNormImages(three, {}, 0); }), "NormalizedImages: needs images");
}

TEST(CallArguments, BatchNormsThatFollowImagesAreThoseOfWhatIsLoadedAlone) {
  const Graph small = build_model({}, 10);
  const Weights weights = initialize(small, "he_normal", 1);
  const auto backend = make_backend("cpu");
  const BatchNormImages images(images_of(1), {}, 1);
  const AnalogNetwork network({small, weights, {}, {}, {}, test::awgn(0.1)}, *backend, {}, images);
  EXPECT_EQ(fault_of([&] { network.effective_weights(1, 0); }),
            "effective_weights(seed, draw): not where BatchNorms follow images; program(seed, "
            "draw) has them");
  EXPECT_EQ(fault_of([&] { network.digital_weights(1, 0); }),
            "digital_weights: not where BatchNorms follow images");
  NoiseSettings folded;
  folded.semantics = Semantics::folded;
  const MappedNetwork without_norms(small, weights, {}, folded, {}, test::awgn(0.1));
  EXPECT_EQ(fault_of([&] { AnalogNetwork(without_norms, *backend, {}, images); }),
            "AnalogNetwork: BatchNorms cannot follow images where the noise settings replace their "
            "statistics");
}

TEST(CallArguments, MatricesOfAnotherSizeAreRefused) {
  const std::vector<double> G_S(6, 1e-6);
  std::vector<double> out(5);
  EXPECT_EQ(fault_of([&] { wired_effective_S(2, 3, G_S, Wires{}, out, 1); }),
            "wired_effective_S: needs rows x columns conductances, and as many to write");
  ConvGeometry geometry;
  geometry.in_channels = 4;
  geometry.out_channels = 2;
  const std::vector<float> weights(7, 0.5f);
  EXPECT_EQ(fault_of([&] { MappedLayer("layer", 0, geometry, weights, {}, 1e-6, 25e-6); }),
            "MappedLayer: needs a weight for every row and column of the geometry");
}

}  // namespace
}  // namespace ohmic
