// Layers whose devices the cuda back end programs itself, here in the emulation of a GPU, compute
// to the bit what they compute when the host has programmed them, several draws at once too.
#include <gtest/gtest.h>

#include "mapping/mapped_layer.hpp"
#include "simulator/backends/cuda/cuda_backend.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/mapping/encodings.hpp"
#include "tests/simulator/backend_cases.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic {
namespace {

using Floats = std::vector<float>;

/// Does nothing to a device but read it with noise.
class Hum final : public DeviceModel {
 public:
  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    return std::vector<DeviceEffect>{};
  }
  bool reads_noisily() const override { return true; }
  std::optional<std::vector<DeviceRead>> reads(double) const override {
    return {{FlickerRead<PowerFit>{{0.1, 0.5, 1e-3, 1}, g_max_S, 1}}};
  }
  static const Schema<Hum>& schema() {
    static const Schema<Hum> schema = [] {
      Schema<Hum> s{"hum", "Read noise alone."};
      declare_common(s);
      return s;
    }();
    return schema;
  }
};
OHMIC_REGISTER_DEVICE("hum", Hum);

constexpr std::int64_t kEach = 2;  // images of a draw
const std::vector<NoiseKey> kKeys{noise_key(4, 0), noise_key(4, 1), noise_key(4, 5)};

Adc uneven_adc() {
  return {.bits = 7,
          .columns_per_adc = 2,
          .offset_lsb = 1,
          .gain_error = 0.05,
          .inl_lsb = 1,
          .enob = 6,
          .capacitor_mismatch = 0.02};
}

/// What can lie around the devices: name, periphery.
std::vector<std::pair<const char*, Periphery>> peripheries() {
  std::vector<std::pair<const char*, Periphery>> all(11);
  all[0].first = "ideal";
  all[1].first = "noise without converters";
  all[1].second.output_noise = OutputNoise{0.02};
  all[2].first = "converters";
  all[2].second.dac = Dac{.bits = 6};
  all[2].second.adc = Adc{.bits = 7, .rounding = Rounding::stochastic};
  all[3].first = "bit-serial";
  all[3].second.dac = Dac{.bits = 4, .slice_bits = 1};
  all[3].second.adc = Adc{.bits = 5};
  all[3].second.output_noise = OutputNoise{0.02};
  all[4].first = "converters that differ";
  all[4].second.dac = Dac{.bits = 6};
  all[4].second.adc = uneven_adc();
  all[4].second.output_noise = OutputNoise{0.02};
  all[5].first = "bf16";
  all[5].second.products = Products::bf16x2;
  all[6].first = "wires";
  all[6].second.wires = Wires{1, 2, 10, 0, RowDrive::left};
  for (auto& [name, periphery] : all) periphery.read_noise = false;
  all[7].first = "read noise without converters";
  all[8] = {"read noise and converters that differ", all[4].second};
  all[9] = {"read noise and bit-serial inputs", all[3].second};
  all[10] = {"read noise and wires", all[6].second};
  for (int i = 7; i < 11; ++i) all[static_cast<std::size_t>(i)].second.read_noise = true;
  return all;
}

class ResidentLayers : public testing::TestWithParam<test::EncodingCase> {
 protected:
  struct Result {
    Floats y;
    Tally tally;
  };

  MappedLayer map(const ConvGeometry& g) const {
    MappingSettings settings = GetParam().settings;
    settings.tile = {20, 4};
    settings.weight_scale = ScaleGroup::column;
    const auto size = static_cast<std::size_t>(g.rows()) * static_cast<std::size_t>(g.columns());
    MappedLayer mapped("layer", 3, g, test::normals(size, 1), settings, device_->g_min_S,
                       device_->g_max_S, g.bias_rows > 0 ? 2.0 : 0.0);
    mapped.spare(spared_);
    return mapped;
  }

  static Epilogue epilogue(int columns) {
    Epilogue e = test::identity_epilogue(columns);
    e.relu = true;
    e.scale[0] = -0.5f, e.shift[1] = 3;
    return e;
  }

  Result run(LoadedLayer& layer, const ConvGeometry& g, std::size_t first,
             std::size_t draws) const {
    const std::size_t images = draws * kEach, at = first * kEach;
    const Floats x = inputs(g);
    Result result;
    result.y.resize(images * test::values_out(g));
    layer.forward(x.data() + at * test::values_in(g), static_cast<std::int64_t>(images), 10 + at,
                  nullptr, result.y.data(), result.tally);
    return result;
  }
  static Floats inputs(const ConvGeometry& g) {
    Floats x = test::normals(kKeys.size() * kEach * test::values_in(g), 2);
    for (float& v : x) v = std::abs(v);
    return x;
  }

  /// Draw after draw, each programmed by the host.
  Result wanted(CudaBackend& backend, const MappedLayer& mapped, const Periphery& periphery,
                const LayerRanges& ranges) const {
    Result all;
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
      const auto tiles = mapped.program(*device_, kKeys[i], periphery);
      const auto layer = backend.load(tiles, epilogue(mapped.geometry().columns()), &ranges);
      const Result one = run(*layer, mapped.geometry(), i, 1);
      all.y.insert(all.y.end(), one.y.begin(), one.y.end());
      all.tally += one.tally;
    }
    return all;
  }

  LayerRanges observed(CudaBackend& backend, const MappedLayer& mapped,
                       const Periphery& periphery) const {
    LayerRanges ranges;
    const auto tiles = mapped.program(*device_, kKeys[0], periphery);
    backend.load(tiles, epilogue(mapped.geometry().columns()), nullptr)
        ->observe(inputs(mapped.geometry()).data(), kEach, ranges);
    return ranges;
  }

  void expect_same(const Result& got, const Result& expected) const {
    EXPECT_EQ(got.y, expected.y);
    EXPECT_EQ(got.tally.dac_clipped, expected.tally.dac_clipped);
    EXPECT_EQ(got.tally.adc_clipped, expected.tally.adc_clipped);
    EXPECT_EQ(got.tally.adc_samples, expected.tally.adc_samples);
  }

  /// All draws at once, then one of them, then two.
  void expect_draws_of_the_host(const ConvGeometry& g, const Periphery& periphery,
                                std::int64_t values_at_once = 1 << 20) const {
    CudaBackend backend(std::make_shared<test::EmulatedMachine>(), values_at_once);
    const MappedLayer mapped = map(g);
    const LayerRanges ranges = observed(backend, mapped, periphery);
    const Result expected = wanted(backend, mapped, periphery, ranges);
    const auto layer = backend.load_devices(mapped.unprogrammed(*device_, periphery),
                                            mapped.plan(*device_, periphery).value(), &ranges);
    const Epilogue after = epilogue(g.columns());
    layer->program(kKeys, after);
    expect_same(run(*layer, g, 0, 3), expected);
    layer->program({&kKeys[1], 1}, after);
    const std::size_t size = kEach * test::values_out(g);
    const auto second = expected.y.begin() + static_cast<std::ptrdiff_t>(size);
    EXPECT_EQ(run(*layer, g, 1, 1).y, Floats(second, second + static_cast<std::ptrdiff_t>(size)));
    Epilogue other = after;
    other.shift[1] = 1000;
    layer->program({&kKeys[1], 2}, other);
    EXPECT_NE(run(*layer, g, 1, 2).y, Floats(second, expected.y.end()));
    layer->program({&kKeys[1], 2}, after);
    EXPECT_EQ(run(*layer, g, 1, 2).y, Floats(second, expected.y.end()));
  }

  std::shared_ptr<const DeviceModel> device_ =
      test::make_device("model = \"pcm\"\ntime_s = 3600.0");
  std::vector<bool> spared_;
};

TEST_P(ResidentLayers, ComputeWhatTheHostsLayersComputeBehindAnyPeriphery) {
  for (const auto& [name, periphery] : peripheries()) {
    SCOPED_TRACE(name);
    if (periphery.wires) continue;
    expect_draws_of_the_host(test::same_padded(4, 5, 7, 3, 1), periphery);
  }
}

TEST_P(ResidentLayers, HaveBiasRowsAndGroups) {
  const Periphery converters = peripheries()[2].second;
  ConvGeometry g = test::same_padded(4, 5, 7, 3, 1);
  g.bias_rows = 1;
  expect_draws_of_the_host(g, converters);
  if (GetParam().settings.reference == Reference::physical) return;
  g = test::same_padded(4, 6, 6, 3, 1);
  g.groups = 3;
  expect_draws_of_the_host(g, converters);
}

TEST_P(ResidentLayers, GiveTheSameWhateverFitsIntoMemoryAtOnce) {
  const ConvGeometry g = test::same_padded(4, 5, 7, 3, 1);  // 112 outputs of an image
  for (const std::int64_t values : {500, 300, 100})         // four images, two, one
    expect_draws_of_the_host(g, peripheries()[4].second, values);
}

// Every kind of read, and a stack in which each sees its own target.
TEST_P(ResidentLayers, AreReadWithTheNoiseOfTheHosts) {
  for (const char* toml :
       {"model = \"pcm_hermes\"\ntime_s = 1e6", "model = \"rram_cmo\"\ntime_s = 100.0",
        "model = \"sonos\"\ntime_s = 2e5",
        "model = \"stack\"\ntime_s = 1000.0\nmodels = [{model = \"pcm\"}, {model = \"stuck\", "
        "open_rate = 0.1}, {model = \"rram_cmo\"}]",
        "model = \"stack\"\nmodels = [{model = \"uniform\", size = 0.3}, {model = \"hum\"}, {model "
        "= "
        "\"proportional\", std_relative = 0.3}]"}) {
    SCOPED_TRACE(toml);
    device_ = test::make_device(toml);
    for (const std::size_t i : {7u, 8u})
      expect_draws_of_the_host(test::same_padded(4, 5, 7, 3, 1), peripheries()[i].second);
  }
}

TEST_P(ResidentLayers, ReadSparedColumnsQuietly) {
  spared_ = {true, false, false, true, false, false, true};
  for (const std::size_t i : {7u, 8u})
    expect_draws_of_the_host(test::same_padded(4, 5, 7, 3, 1), peripheries()[i].second);
}

// To twelve digits of conductances.
TEST_P(ResidentLayers, OnWiresAgreeWithTheHosts) {
  if (GetParam().settings.reference == Reference::physical)
    GTEST_SKIP() << "reference columns on wires are the host's work";
  const ConvGeometry g = test::same_padded(4, 5, 7, 3, 1);
  for (const auto& [name, periphery] : peripheries()) {
    SCOPED_TRACE(name);
    if (!periphery.wires) continue;
    CudaBackend backend(std::make_shared<test::EmulatedMachine>());
    const MappedLayer mapped = map(g);
    const Result expected = wanted(backend, mapped, periphery, {});
    const auto layer = backend.load_devices(mapped.unprogrammed(*device_, periphery),
                                            mapped.plan(*device_, periphery).value(), nullptr);
    layer->program({kKeys.data(), 1}, epilogue(7));
    layer->program(kKeys, epilogue(7));
    const Floats got = run(*layer, g, 0, 3).y;
    float largest = 0;
    for (const float v : expected.y) largest = std::max(largest, std::abs(v));
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], expected.y[i], 1e-6f * largest) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, ResidentLayers, testing::ValuesIn(test::encodings()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ohmic
