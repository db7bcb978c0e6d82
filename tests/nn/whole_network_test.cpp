// Whole networks with everything that is wrong with hardware, on each back end against the
// reference, from the same programmed devices and the same ranges; cuda on an emulated GPU.
#include <gtest/gtest.h>

#include <cmath>

#include "simulator/backends/cuda/cuda_backend.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 2;

ImageSet random_image_set() {
  ImageSet set;
  for (const float z : test::normals(kImages * ImageSet::kPixels, 902))
    set.pixels.push_back(static_cast<std::uint8_t>(std::clamp(128 + 50 * z, 0.0f, 255.0f)));
  set.labels.assign(kImages, 0);
  return set;
}

/// 12-bit converters with every error, read noise and resistive wires.
Periphery everything() {
  Periphery p;
  p.dac = Dac{.bits = 9, .drive = SignedDrive::two_phase, .slice_bits = 4};
  p.adc = Adc{.bits = 12,
              .per = RangePer::column,
              .percentile = 100,
              .columns_per_adc = 2,
              .offset_lsb = 2,
              .gain_error = 0.01,
              .inl_lsb = 2,
              .enob = 10,
              .capacitor_mismatch = 0.01};
  p.output_noise = OutputNoise{0.002};
  p.wires = Wires{2, 3, 10, 10, RowDrive::both};
  return p;
}

std::shared_ptr<const DeviceModel> stack() {
  return test::shared_device(
      "model = 'stack'\ntime_s = 3600.0\n[[models]]\nmodel = 'pcm'\n"
      "[[models]]\nmodel = 'variation'\n[[models]]\nmodel = 'stuck'\nmin_rate = 0.01\n");
}

class WholeNetwork : public testing::TestWithParam<std::tuple<std::string, Encoding, BiasPlace>> {
 protected:
  WholeNetwork() {
    const auto& [layout, encoding, bias] = GetParam();
    ModelSettings model;
    model.name = "resnet8";
    model.layout = layout;
    model.width = 3;
    graph_ = build_model(model, 10);
    mapping_.encoding = encoding;
    mapping_.tile = {20, 5};
    mapping_.weight_scale = ScaleGroup::column;
    mapping_.compensation = Compensation::column;
    mapping_.bias = bias;
  }

  MappedNetwork mapped() const {
    return {graph_, test::random_weights(graph_), mapping_, {}, everything(), stack()};
  }
  /// Logits of `draw` with the ranges given.
  std::vector<float> logits(Backend& backend, const Calibration& ranges, std::uint64_t draw) const {
    AnalogNetwork network(mapped(), backend, ranges);
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(random_image_set(), {}, 0, kImages, x.data());
    return network.program(5, draw).logits(x.data(), kImages, 3);
  }
  static double distance(const std::vector<float>& a, const std::vector<float>& b) {
    double squares = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      squares += std::pow(a[i] - b[i], 2);
      size += std::pow(b[i], 2);
    }
    return std::sqrt(squares / size);
  }

  Graph graph_;
  MappingSettings mapping_;
};

// Sums of another order flip a code now and then: 1/2047 of a full scale each. Another draw, read
// noise included, is farther away than that by far.
TEST_P(WholeNetwork, WithEveryEffectIsTheSameOnEveryBackend) {
  const auto reference = make_backend("reference");
  const auto ranges = calibrate(mapped(), *reference, random_image_set(), {}, kImages);
  const auto expected = logits(*reference, ranges, 0);
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(make_backend("cpu"));
  backends.push_back(std::make_unique<CudaBackend>(std::make_shared<test::EmulatedMachine>()));
  for (const auto& backend : backends) {
    SCOPED_TRACE(backend->name());
    const auto found = calibrate(mapped(), *backend, random_image_set(), {}, kImages);
    for (std::size_t i = 0; i < ranges.size(); ++i)
      EXPECT_NEAR(found[i].input, ranges[i].input, 1e-4 * ranges[i].input);
    EXPECT_LT(distance(logits(*backend, ranges, 0), expected), 0.01);
    EXPECT_GT(distance(logits(*backend, ranges, 1), expected), 0.05);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, WholeNetwork,
                         testing::Combine(testing::Values("keras_v1", "he"),
                                          testing::Values(Encoding::differential, Encoding::offset),
                                          testing::Values(BiasPlace::digital, BiasPlace::analog)),
                         [](const auto& info) {
                           return std::get<0>(info.param) +
                                  (std::get<1>(info.param) == Encoding::offset ? "_offset"
                                                                               : "_differential") +
                                  (std::get<2>(info.param) == BiasPlace::analog ? "_analog"
                                                                                : "_digital");
                         });

}  // namespace
}  // namespace ohmic
