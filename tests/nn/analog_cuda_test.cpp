// A whole network on the cuda back end, whose grid is emulated on the host and whose memory the
// host cannot touch: activations stay where they are computed.
#include <gtest/gtest.h>

#include "simulator/backends/cuda/cuda_backend.hpp"
#include "simulator/error.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/simulator/emulated_machine.hpp"

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

class AnalogNetworkOnCuda : public testing::TestWithParam<std::string> {
 protected:
  /// Logits after everything that a network can be taken through.
  std::vector<float> logits(Backend& backend, const Periphery& periphery,
                            const std::string& device) const {
    std::vector<Fault> faults;
    std::shared_ptr<const DeviceModel> model =
        read_device(parse_toml(device, "test.toml"), "device", faults);
    if (!faults.empty()) throw ConfigError(faults);
    const Graph graph = small_resnet(GetParam());
    const ImageSet set = random_image_set();
    AnalogNetwork network(graph, test::random_weights(graph), {}, {}, periphery, model, backend);
    network.calibrate(set, {}, kImages);
    network.measure_batch_norm(set, {}, kImages);
    network.program(7, 1);
    std::vector<float> x(kImages * ImageSet::kPixels);
    normalized_batch(set, {}, 0, kImages, x.data());
    return network.logits(x.data(), kImages, 0);
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
