// Networks on cells whose current is not proportional to the voltage.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

class NonLinearNetwork : public testing::TestWithParam<std::string> {
 protected:
  NonLinearNetwork() {
    ModelSettings settings;
    settings.name = "resnet8";
    settings.layout = "he";
    settings.width = 2;
    graph = build_model(settings, 10);
    weights = test::random_weights(graph);
    const auto z = test::normals(static_cast<std::size_t>(kImages * ImageSet::kPixels), 902);
    for (const float v : z)
      set.pixels.push_back(static_cast<std::uint8_t>(std::clamp(128 + 50 * v, 0.0f, 255.0f)));
    set.labels.assign(kImages, 0);
    normalized.resize(z.size());
    normalized_batch(set, {}, 0, kImages, normalized.data());
  }

  /// Logits of exact devices with this curve, and of the digital network.
  std::pair<std::vector<float>, std::vector<float>> logits(const std::string& curve,
                                                           const Periphery& periphery = {}) const {
    const std::shared_ptr<const DeviceModel> device =
        test::shared_device("model = 'cell_curve'\n" + curve);
    const auto backend = make_backend(GetParam());
    const MappedNetwork mapped(graph, weights, {}, {}, periphery, device);
    EXPECT_TRUE(mapped.needs_ranges());
    AnalogNetwork network = test::calibrated(mapped, *backend, set, kImages);
    auto ideal = network.load_ideal().logits(normalized.data(), kImages, 0);
    return {network.load_noise_free().logits(normalized.data(), kImages, 0), std::move(ideal)};
  }

  static double relative_error(const std::pair<std::vector<float>, std::vector<float>>& pair) {
    double error = 0, size = 0;
    for (std::size_t i = 0; i < pair.first.size(); ++i) {
      error += std::pow(pair.first[i] - pair.second[i], 2);
      size += std::pow(pair.second[i], 2);
    }
    return std::sqrt(error / size);
  }

  static constexpr std::int64_t kImages = 3;
  Graph graph;
  Weights weights;
  ImageSet set;
  std::vector<float> normalized;
};
INSTANTIATE_TEST_SUITE_P(, NonLinearNetwork, testing::Values("reference", "cpu"),
                         [](const auto& info) { return info.param; });

TEST_P(NonLinearNetwork, WithoutABendIsTheDigitalNetwork) {
  EXPECT_LT(relative_error(logits("")), 1e-4);
}

TEST_P(NonLinearNetwork, BendsWithTheVoltageSquared) {
  // Half the voltage, a quarter of the deviation, to first order.
  const double high = relative_error(logits("cubic_per_V2 = 1\nv_read_V = 0.2"));
  const double low = relative_error(logits("cubic_per_V2 = 1\nv_read_V = 0.1"));
  EXPECT_GT(high, 1e-3);
  EXPECT_NEAR(high / low, 4, 0.5);
}

TEST_P(NonLinearNetwork, GoesThroughConverters) {
  Periphery periphery;
  periphery.dac = Dac{.bits = 12};
  periphery.adc = Adc{.bits = 14, .percentile = 100};
  EXPECT_LT(relative_error(logits("", periphery)), 1e-2);
  EXPECT_GT(relative_error(logits("cubic_per_V2 = 20\nv_read_V = 0.5", periphery)), 2e-2);
}

TEST(NonLinearNetworks, ComputeTheSameOnBothBackEnds) {
  ModelSettings settings;
  settings.name = "resnet8";
  settings.width = 2;
  const Graph graph = build_model(settings, 10);
  const Weights weights = test::random_weights(graph);
  const auto x = test::normals(static_cast<std::size_t>(ImageSet::kPixels), 902);
  const std::shared_ptr<const DeviceModel> device =
      test::shared_device("model = 'rram_milo'\nv_read_V = 0.5");
  std::vector<std::vector<float>> logits;
  for (const char* name : {"reference", "cpu"}) {
    const auto backend = make_backend(name);
    const MappedNetwork mapped(graph, weights, {}, {}, {}, device);
    AnalogNetwork network(mapped, *backend, Calibration(mapped.layers().size(), {3.0, {}}));
    logits.push_back(network.program(11, 0).logits(x.data(), 1, 0));
  }
  for (std::size_t c = 0; c < logits[0].size(); ++c)
    EXPECT_NEAR(logits[1][c], logits[0][c], 1e-4 * std::abs(logits[0][0]) + 1e-4);
}

}  // namespace
}  // namespace ohmic
