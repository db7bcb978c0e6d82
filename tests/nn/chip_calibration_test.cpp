// Ranges that are found on programmed chips, against the network computed literally with what
// devices hold.
#include <gtest/gtest.h>

#include <cmath>

#include "nn/analog/analog_network.hpp"
#include "simulator/call_error.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/nn/three_norms.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 4, kNormImages = 6;

ImageSet images() { return test::noisy_images(7); }

struct Setting {
  const char* name;
  std::string backend = "cpu";
  bool follows = false;
  BiasPlace bias = BiasPlace::digital;
};

class ChipCalibration : public testing::TestWithParam<Setting> {
 protected:
  /// Steps of 1e-4 of full scale.
  static Periphery fine() {
    Periphery periphery;
    periphery.dac = Dac{.bits = 14};
    periphery.dac->percentile = 100;
    periphery.adc = Adc{.bits = 14, .percentile = 100};
    return periphery;
  }
  MappedNetwork mapped(double eta) const {
    MappingSettings mapping;
    mapping.bias = GetParam().bias;
    return {graph, weights, mapping, {}, fine(), test::awgn(eta)};
  }
  void SetUp() override { chip.calibrate_chips(NormalizedImages(images(), {}, kImages)); }
  std::optional<BatchNormImages> norms() const {
    if (!GetParam().follows) return {};
    return BatchNormImages(images(), {}, kNormImages);
  }

  const Graph graph = test::three_norms();
  const Weights weights = test::random_weights(graph);
  const std::unique_ptr<Backend> backend = make_backend(GetParam().backend);
  const MappedNetwork arrays = mapped(0.4);
  AnalogNetwork chip{arrays, *backend, calibrate(arrays, *backend, images(), {}, kImages), norms()};
};

struct Largest {
  double input = 0, sum = 0;
};

/// Of a layer's inputs, and of its sums without what is added digitally.
Largest literally(const Graph& graph, const Weights& weights, const Node& layer, bool bias_in_sum) {
  std::vector<float> x(kImages * ImageSet::kPixels);
  normalized_batch(images(), {}, 0, kImages, x.data());
  test::LiteralNetwork network(graph, weights);
  Largest largest;
  for (std::int64_t i = 0; i < kImages; ++i) {
    network.logits(x.data() + i * ImageSet::kPixels);
    const auto& values = network.values();
    for (const double v : values[static_cast<std::size_t>(layer.inputs[0])])
      largest.input = std::max(largest.input, std::abs(v));
    const auto& y = values[static_cast<std::size_t>(&layer - graph.nodes.data())];
    for (std::size_t j = 0; j < y.size(); ++j) {
      const bool takes = layer.has_bias && !bias_in_sum;
      const double bias = takes ? weights.at(layer.name + ".bias")
                                      .values[j % static_cast<std::size_t>(layer.channels)]
                                : 0.0;
      largest.sum = std::max(largest.sum, std::abs(y[j] - bias));
    }
  }
  return largest;
}

TEST_P(ChipCalibration, FindsWhatTheProgrammedLayersTakeAndGive) {
  const LoadedNetwork& loaded = chip.program(3, 1);
  const Weights held = loaded.effective_weights();
  const Calibration& found = loaded.calibration();
  ASSERT_EQ(found.size(), 3u);
  const bool on_devices = GetParam().bias == BiasPlace::analog;
  double moved = 0;
  for (std::size_t l = 0; l < found.size(); ++l) {
    const MappedLayer& layer = chip.layers()[l];
    const auto node = std::ranges::find(graph.nodes, layer.name(), &Node::name);
    const Largest wanted = literally(graph, held, *node, on_devices);
    const double output = wanted.sum / layer.scale().weight_per_S;
    if (!on_devices) {
      EXPECT_NEAR(found[l].input, wanted.input, 0.003 * wanted.input) << layer.name();
    }
    for (const double range : found[l].output)
      EXPECT_NEAR(range, output, 0.003 * output) << layer.name();
    moved = std::max(moved, std::abs(found[l].output[0] / chip.calibration()[l].output[0] - 1));
  }
  EXPECT_GT(moved, 0.05) << "those of exact devices would do as well";
}

TEST_P(ChipCalibration, IsThatOfExactDevicesOnAChipWithoutError) {
  const Calibration& found = chip.load_noise_free().calibration();
  for (std::size_t l = 0; l < found.size(); ++l) {
    EXPECT_NEAR(found[l].input, chip.calibration()[l].input, 0.003 * found[l].input);
    for (std::size_t j = 0; j < found[l].output.size(); ++j)
      EXPECT_NEAR(found[l].output[j], chip.calibration()[l].output[j], 0.003 * found[l].output[j]);
  }
}

TEST_P(ChipCalibration, DependsOnTheDrawAlone) {
  const auto outputs = [&](std::uint64_t draw) {
    return chip.program(3, draw).calibration()[1].output;
  };
  const auto first = outputs(0);
  EXPECT_NE(first, outputs(1));
  EXPECT_EQ(first, outputs(0));
}

INSTANTIATE_TEST_SUITE_P(Of, ChipCalibration,
                         testing::Values(Setting{"reference", "reference"}, Setting{"cpu"},
                                         Setting{"cpu_with_norms", "cpu", true},
                                         Setting{"cpu_with_biases_on_devices", "cpu", true,
                                                 BiasPlace::analog}),
                         [](const auto& info) { return info.param.name; });

TEST(ChipCalibrationCall, NeedsConvertersThatWantRanges) {
  const Graph graph = test::three_norms();
  const auto backend = make_backend("cpu");
  AnalogNetwork chip({graph, test::random_weights(graph), {}, {}, {}, test::awgn(0.1)}, *backend);
  EXPECT_THROW(chip.calibrate_chips(NormalizedImages(images(), {}, 1)), CallError);
}

}  // namespace
}  // namespace ohmic
