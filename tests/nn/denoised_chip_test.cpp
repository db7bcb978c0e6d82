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
  std::vector<float> logits(LoadedNetwork& loaded) const {
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(set, {}, 0, kImages, x.data());
    return loaded.logits(x.data(), kImages, 0);
  }
  std::vector<double> literally(const Weights& held) const {
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(set, {}, 0, kImages, x.data());
    test::LiteralNetwork literal(graph, held);
    std::vector<double> all;
    for (std::int64_t i = 0; i < kImages; ++i)
      for (const double y : literal.logits(x.data() + i * ImageSet::kPixels)) all.push_back(y);
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

TEST_P(DenoisedChip, ComputesWithTheWeightsThatItSays) {
  AnalogNetwork chip = network();
  LoadedNetwork& loaded = chip.program(3, 1);
  const Weights held = loaded.effective_weights();
  const std::vector<float> got = logits(loaded);
  EXPECT_LT(distance(got, literally(held)), 3e-3);
  mapping.denoise->beta = 0;
  AnalogNetwork centred = network();
  EXPECT_GT(distance(got, literally(centred.program(3, 1).effective_weights())), 0.03)
      << "what is added digitally would not be missed";
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
