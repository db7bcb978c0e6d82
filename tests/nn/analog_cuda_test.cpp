// A whole network on the cuda back end, whose grid is emulated on the host and whose memory the
// host cannot touch: activations stay where they are computed.
#include <gtest/gtest.h>

#include <cstring>

#include "simulator/backends/cuda/cuda_backend.hpp"
#include "simulator/error.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/simulator/emulated_machine.hpp"
#include "tests/simulator/on_backend.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 6;

Graph small_resnet(const std::string& layout) {
  ModelSettings settings;
  settings.name = "resnet8";
  settings.layout = layout;
  settings.width = 4;
  return build_model(settings, 10);
}

ImageSet random_image_set() {
  ImageSet set;
  set.labels.resize(kImages);
  std::vector<std::uint32_t> bits(kImages * ImageSet::kPixels);
  fill_bits(noise_key(3, 0), {Stream::synthetic_data}, 0, bits);
  for (const std::uint32_t b : bits) set.pixels.push_back(static_cast<std::uint8_t>(b >> 24));
  return set;
}

/// A back end without what programs devices: the host does.
class ProgrammedByHost final : public Backend {
 public:
  explicit ProgrammedByHost(const std::string& name) : inner_(test::backend_under_test(name)) {}
  std::string_view name() const override { return inner_->name(); }
  std::string refusal(const LayerOnTiles& layer) const override { return inner_->refusal(layer); }
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles& layer, const Epilogue& epilogue,
                                    const LayerRanges* ranges) override {
    return inner_->load(layer, epilogue, ranges);
  }
  std::unique_ptr<Activations> activations() override { return inner_->activations(); }
  const float* on_host(const float* x, std::size_t values, std::vector<float>& buffer) override {
    return inner_->on_host(x, values, buffer);
  }
  void apply(const Epilogue& epilogue, const float* x, std::int64_t values, const float* residual,
             float* y) override {
    inner_->apply(epilogue, x, values, residual, y);
  }

 private:
  std::unique_ptr<Backend> inner_;
};

class AnalogNetworkOnCuda : public testing::TestWithParam<std::string> {
 protected:
  /// Logits after everything that a network can be taken through.
  std::vector<float> logits(Backend& backend, const Periphery& periphery,
                            const std::string& device) const {
    const Graph graph = small_resnet(GetParam());
    const ImageSet set = random_image_set();
    const MappedNetwork mapped(graph, test::random_weights(graph), {}, {}, periphery,
                               test::shared_device(device));
    AnalogNetwork network(mapped, backend, calibrate(mapped, backend, set, {}, kImages),
                          BatchNormImages(set, {}, kImages));
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(set, {}, 0, kImages, x.data());
    return network.program(7, 1).logits(x.data(), kImages, 0);
  }

  /// 1e-4 of the largest, as the products' sums are of another order; `codes` more for converters.
  void expect_agreement(const Periphery& periphery, double codes,
                        const std::string& device = "model = 'awgn'\neta = 0.1") const {
    CudaBackend cuda(std::make_shared<test::EmulatedMachine>());
    const auto cpu = make_backend("cpu");
    const auto wanted = logits(*cpu, periphery, device), got = logits(cuda, periphery, device);
    ASSERT_EQ(got.size(), wanted.size());
    float largest = 0;
    for (const float v : wanted) largest = std::max(largest, std::abs(v));
    ASSERT_GT(largest, 0);
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i], (1e-4 + codes) * largest);
  }
};
INSTANTIATE_TEST_SUITE_P(, AnalogNetworkOnCuda, testing::Values("keras_v1", "he"),
                         [](const auto& info) { return info.param; });

/// Those that program devices themselves.
std::vector<std::string> cuda_backends() {
  std::vector<std::string> names = test::backends();
  std::erase_if(names, [](const auto& name) { return name != "cuda" && name != "emulated"; });
  return names;
}

/// Draws programmed where they are computed, and several at once, change nothing.
class DrawsOnCuda : public test::OnBackend {
 protected:
  DrawsOnCuda() {
    periphery_.dac = Dac{.bits = 6};
    periphery_.adc = Adc{.bits = 7, .gain_error = 0.02};
    periphery_.output_noise = OutputNoise{0.01};
    periphery_.read_noise = false;
  }

  std::unique_ptr<AnalogNetwork> network(Backend& backend) const {
    const MappedNetwork mapped(graph_, test::random_weights(graph_), mapping_, noise_, periphery_,
                               test::shared_device(device_));
    return std::make_unique<AnalogNetwork>(mapped, backend,
                                           calibrate(mapped, backend, set_, {}, kImages));
  }

  /// Six images, `each` of them on a draw.
  void expect_answers_of_the_host(std::int64_t each) const {
    ProgrammedByHost host(GetParam());
    const auto got = network(*backend_), wanted = network(host);
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(set_, {}, 0, kImages, x.data());
    for (const std::uint64_t draw : {3u, 4u}) {
      const auto there = got->program(7, draw).logits(x.data(), 2, 0);
      const auto here = wanted->program(7, draw).logits(x.data(), 2, 0);
      EXPECT_EQ(std::memcmp(there.data(), here.data(), there.size() * sizeof(float)), 0) << draw;
    }
    const Predictions a = got->evaluate_draws(set_, {}, each, 1, 7, 3);
    const Predictions b = wanted->evaluate_draws(set_, {}, each, 1, 7, 3);
    EXPECT_EQ(a.scores, b.scores);
    EXPECT_EQ(a.tally.adc_samples, b.tally.adc_samples);
    EXPECT_EQ(a.tally.adc_clipped, b.tally.adc_clipped);
    EXPECT_EQ(a.tally.dac_clipped, b.tally.dac_clipped);
    EXPECT_EQ(got->load_noise_free().logits(x.data(), 1, 0),
              wanted->load_noise_free().logits(x.data(), 1, 0));
  }

  Graph graph_ = small_resnet("keras_v1");
  const ImageSet set_ = random_image_set();
  MappingSettings mapping_;
  NoiseSettings noise_;
  Periphery periphery_;
  std::string device_ = "model = 'awgn'\neta = 0.3";
};
INSTANTIATE_TEST_SUITE_P(, DrawsOnCuda, testing::ValuesIn(cuda_backends()),
                         [](const auto& info) { return info.param; });

TEST_P(DrawsOnCuda, GiveTheAnswersOfTheHostsDraws) {
  for (const std::int64_t each : {2, 4, 10}) expect_answers_of_the_host(each);
  graph_ = small_resnet("he");
  expect_answers_of_the_host(3);
}

TEST_P(DrawsOnCuda, FollowNoiseOnDigitalTensorsAndItsRules) {
  noise_.semantics = Semantics::keras_get_weights;
  device_ = "model = 'awgn'\neta = 1.0";
  for (const NegativeVariance rule : {NegativeVariance::abs, NegativeVariance::nan}) {
    noise_.negative_variance = rule;
    expect_answers_of_the_host(3);
  }
}

TEST_P(DrawsOnCuda, AreReadWithNoise) {
  periphery_.read_noise = true;
  device_ = "model = 'pcm'\ntime_s = 100.0";
  for (const std::int64_t each : {2, 3}) expect_answers_of_the_host(each);
}

TEST_P(DrawsOnCuda, StayWithTheHostWhereTheyHaveTo) {
  periphery_.read_noise = true;
  for (const char* device : {"model = 'polynomial'", "model = 'telegraph'\namplitude = 0.1"}) {
    device_ = device;
    expect_answers_of_the_host(3);
  }
}

TEST_P(DrawsOnCuda, HaveTheirBiasesOnDevices) {
  mapping_.bias = BiasPlace::analog;
  noise_.semantics = Semantics::folded;
  expect_answers_of_the_host(2);
}

TEST_P(AnalogNetworkOnCuda, AgreesWithTheCpuWhenThePeripheryIsIdeal) { expect_agreement({}, 0); }

TEST_P(AnalogNetworkOnCuda, AgreesWithTheCpuOnNonLinearCells) {
  expect_agreement({}, 0, "model = 'rram_milo'\nv_read_V = 0.2");
}

TEST_P(AnalogNetworkOnCuda, AgreesWithTheCpuBehindConverters) {
  // A sum next to a code's edge may fall on its other side: some of 12 bits.
  Periphery periphery;
  periphery.dac = Dac{.bits = 12};
  periphery.adc = Adc{.bits = 12};
  expect_agreement(periphery, 0.01);
}

}  // namespace
}  // namespace ohmic
