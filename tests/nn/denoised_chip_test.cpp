// A network whose weights are denoised (mapping.denoise), against the network computed literally
// with the weights that it says it holds. Their common share is added digitally where converters
// lie between.
#include <gtest/gtest.h>

#include <cmath>

#include "nn/analog/analog_network.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/nn/three_norms.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 3;

using Setting = std::tuple<std::string, bool, BiasPlace>;

class DenoisedChip : public testing::TestWithParam<Setting> {
 protected:
  DenoisedChip() {
    mapping.tile = {20, 3};
    mapping.bias = std::get<2>(GetParam());
    mapping.denoise = DenoiseSettings{.lambda = -1, .beta = 3};
    if (!std::get<1>(GetParam())) return;
    periphery.dac = Dac{.bits = 14, .percentile = 100};  // steps of 1e-4 of full scale
    periphery.adc = Adc{.bits = 14, .percentile = 100};
  }
  AnalogNetwork network() {
    return test::calibrated({graph, weights, mapping, {}, periphery, test::awgn(0.5)}, *backend,
                            set, kImages);
  }
  std::vector<float> pixels() const {
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(set, {}, 0, kImages, x.data());
    return x;
  }
  /// The values of a node with these weights.
  std::vector<double> literally(const Weights& held, std::size_t node) const {
    const std::vector<float> x = pixels();
    test::LiteralNetwork literal(graph, held);
    std::vector<double> all;
    for (std::int64_t i = 0; i < kImages; ++i) {
      literal.logits(x.data() + i * ImageSet::kPixels);
      const auto& values = literal.values()[node];
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }
  static double distance(const std::vector<float>& got, const std::vector<double>& wanted) {
    double error = 0, size = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      error += std::pow(got[i] - wanted[i], 2);
      size += std::pow(wanted[i], 2);
    }
    return std::sqrt(error / size);
  }

  const Graph graph = test::three_norms();
  const Weights weights = test::random_weights(graph);
  const ImageSet set = test::noisy_images(kImages);
  const std::unique_ptr<Backend> backend = make_backend(std::get<0>(GetParam()));
  MappingSettings mapping;
  Periphery periphery;
};

// Before anything that can leave the range of a converter: its images set it.
TEST_P(DenoisedChip, GivesWhatTheWeightsThatItSaysGive) {
  AnalogNetwork chip = network();
  if (periphery.needs_ranges()) chip.calibrate_chips(NormalizedImages(set, {}, kImages));
  LoadedNetwork& loaded = chip.program(3, 1);
  const std::vector<float> got = loaded.layer_output(0, pixels().data(), kImages);
  const std::size_t norm = 2;  // behind the first layer
  EXPECT_LT(distance(got, literally(loaded.effective_weights(), norm)), 2e-3);
  mapping.denoise->beta = 0;
  AnalogNetwork centred = network();
  const Weights held = centred.program(3, 1).effective_weights();
  EXPECT_GT(distance(got, literally(held, norm)), 0.03) << "beta would not be missed";
}

// With biases on devices converters keep the full scale of exact devices, which these exceed.
TEST_P(DenoisedChip, AnswersWithTheWeightsThatItSays) {
  if (periphery.needs_ranges() && mapping.bias == BiasPlace::analog)
    GTEST_SKIP() << "converters clip";
  AnalogNetwork chip = network();
  if (periphery.needs_ranges()) chip.calibrate_chips(NormalizedImages(set, {}, kImages));
  LoadedNetwork& loaded = chip.program(3, 1);
  const std::vector<float> got = loaded.logits(pixels().data(), kImages, 0);
  EXPECT_LT(distance(got, literally(loaded.effective_weights(), graph.nodes.size() - 1)), 3e-3);
}

std::string name_of(const testing::TestParamInfo<Setting>& info) {
  const auto& [backend, converts, bias] = info.param;
  return backend + (converts ? "_converters" : "_ideal") +
         (bias == BiasPlace::analog ? "_analog" : "_digital");
}

INSTANTIATE_TEST_SUITE_P(Of, DenoisedChip,
                         testing::Combine(testing::Values("reference", "cpu"), testing::Bool(),
                                          testing::Values(BiasPlace::digital, BiasPlace::analog)),
                         name_of);

}  // namespace
}  // namespace ohmic
