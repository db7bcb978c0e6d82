// Devices programmed in the memory of a machine, here the host's emulation of a GPU, give the bits
// that MappedLayer gives.
#include "simulator/backends/cuda/resident_devices.hpp"

#include <gtest/gtest.h>

#include "mapping/mapped_layer.hpp"
#include "simulator/error.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/mapping/encodings.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic {
namespace {

using test::make_device;
using Floats = std::vector<float>;

const NoiseKey kKey = noise_key(6, 2), kOther = noise_key(1, 1);

// Every kind of effect, and a stack in which one follows the other.
const char* const kDevices[] = {
    "model = \"ideal\"",
    "model = \"awgn\"\neta = 0.2\nclip = \"range\"",
    "model = \"proportional\"\nstd_relative = 0.1",
    "model = \"inverse_proportional\"\nstd_relative = 0.01",
    "model = \"uniform\"\nsize = 0.1",
    "model = \"pcm\"\ntime_s = 3600.0",
    "model = \"pcm_hermes\"\ntime_s = 1e6",
    "model = \"rram_cmo\"\ntime_s = 100.0",
    "model = \"rram_milo\"",
    "model = \"rram_wan\"\ntime_s = 1e5",
    "model = \"sonos\"\ntime_s = 2e5",
    "model = \"retention\"\ntime_s = 1e3\nnu = 0.05\nnu_std = 0.02",
    "model = \"retention\"\ntime_s = 1e3\nlaw = \"logarithmic\"\nnu = 0.05\nnu_std = 0.02",
    "model = \"retention\"\ntime_s = 1e3\nlaw = \"exponential\"\nnu = 1e-3\nnu_std = 1e-4\nend = "
    "\"middle\"\nstretch = 0.8\ntemperature_K = 320.0\nconductance_per_K = 1e-3",
    "model = \"read_disturb\"\nreads = 1e12\nexponent_std = 0.5",
    "model = \"stuck\"\nmin_rate = 0.1\nmax_rate = 0.05\nopen_rate = 0.02\nshort_rate = 0.01",
    "model = \"stack\"\ntime_s = 1000.0\nmodels = [{model = \"uniform\", size = 0.05}, {model = "
    "\"ideal\"}, {model = \"pcm\"}, {model = \"stuck\", open_rate = 0.1}, {model = "
    "\"proportional\", std_relative = 0.1}]",
};

/// 45 rows, 7 columns.
ConvGeometry small_convolution() {
  ConvGeometry g;
  g.in_height = g.in_width = 6;
  g.in_channels = 5;
  g.out_channels = 7;
  g.kernel_height = g.kernel_width = 3;
  return g;
}

Floats normals(std::size_t n) {
  Floats w(n);
  fill_normals(noise_key(6, 99), {Stream::initialization}, 0, std::span(w));
  return w;
}

class ResidentDevicesTest : public ::testing::TestWithParam<test::EncodingCase> {
 protected:
  MappedLayer map(const DeviceModel& device, std::uint16_t index, const ConvGeometry& g) const {
    MappingSettings s = GetParam().settings;
    s.tile = {20, 4};
    s.weight_scale = scale_group_;
    const auto size = static_cast<std::size_t>(g.rows()) * static_cast<std::size_t>(g.columns());
    return {"layer", index, g, normals(size), s, device.g_min_S, device.g_max_S};
  }

  /// Draw kKey of these layers' devices, as the machine has written it.
  std::vector<Floats> programmed(const std::vector<MappedLayer>& layers, const DeviceModel& device,
                                 const Floats& scale = {}) const {
    const auto machine = std::make_shared<test::EmulatedMachine>();
    cuda::Array<float> factors(machine);
    const float* there = factors.assign(scale);
    std::vector<std::unique_ptr<cuda::Array<float>>> weights;
    std::vector<ProgrammingPlan> plans;
    std::vector<cuda::WeightsPlace> places;
    for (const MappedLayer& layer : layers) {
      plans.push_back(layer.plan(device, periphery_).value());
      weights.push_back(std::make_unique<cuda::Array<float>>(machine));
      places.push_back(
          cuda::kernel_place(plans.back(), weights.back()->at_least(cells(layer)), there));
    }
    cuda::ResidentDevices devices(machine, plans, places);
    devices.program({&kOther, 1});  // what another draw has left must not matter
    devices.program({&kKey, 1});
    std::vector<Floats> got;
    for (std::size_t i = 0; i < layers.size(); ++i)
      machine->download(places[i].weights, got.emplace_back(cells(layers[i])).data(),
                        cells(layers[i]) * sizeof(float));
    return got;
  }

  /// The same from the host, channels last.
  Floats wanted(const MappedLayer& layer, const DeviceModel& device) const {
    const Floats rows_by_channel = layer.program(device, kKey, periphery_).effective_weights();
    const ConvGeometry& g = layer.geometry();
    Floats weights;
    for (int n = 0; n < g.columns(); ++n)
      for (int position = 0; position < g.kernel_height * g.kernel_width; ++position)
        for (int c = 0; c < g.in_channels / g.groups; ++c)
          weights.push_back(rows_by_channel[static_cast<std::size_t>(
              n * g.rows() + c * g.kernel_height * g.kernel_width + position)]);
    return weights;
  }

  static std::size_t cells(const MappedLayer& layer) {
    return static_cast<std::size_t>(layer.geometry().rows()) *
           static_cast<std::size_t>(layer.geometry().columns());
  }

  ScaleGroup scale_group_ = ScaleGroup::layer;
  Periphery periphery_;
};

TEST_P(ResidentDevicesTest, HoldWhatTheHostProgramsWhateverTheModel) {
  for (const char* toml : kDevices) {
    const auto device = make_device(toml);
    const MappedLayer layer = map(*device, 3, small_convolution());
    EXPECT_EQ(programmed({layer}, *device).front(), wanted(layer, *device)) << toml;
  }
}

TEST_P(ResidentDevicesTest, OfSeveralLayersAreDrawnByThemselves) {
  const auto device = make_device(kDevices[1]);
  ConvGeometry dense, grouped = small_convolution();
  dense.in_channels = 11, dense.out_channels = 10;
  grouped.in_channels = 14, grouped.groups = 7;
  std::vector<MappedLayer> layers{map(*device, 0, small_convolution()), map(*device, 1, dense)};
  if (GetParam().settings.reference == Reference::ideal) layers.push_back(map(*device, 2, grouped));
  const std::vector<Floats> got = programmed(layers, *device);
  for (std::size_t i = 0; i < layers.size(); ++i)
    EXPECT_EQ(got[i], wanted(layers[i], *device)) << i;
}

TEST_P(ResidentDevicesTest, FollowScalesOfTilesSparedColumnsAndDigitalFactors) {
  const auto device = make_device(kDevices[12]);
  const Floats scale{1, 2, 0.5f, 0.3f, -1, 0, 7};
  for (const ScaleGroup group : {ScaleGroup::tile, ScaleGroup::column}) {
    scale_group_ = group;
    MappedLayer layer = map(*device, 3, small_convolution());
    layer.spare({true, false, false, true, false, false, true});
    Floats expected = wanted(layer, *device);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] *= scale[i / 45];
    EXPECT_EQ(programmed({layer}, *device, scale).front(), expected);
  }
}

// To twelve digits of conductances: a float's last digit may differ.
TEST_P(ResidentDevicesTest, OnWiresHoldWhatTheHostFinds) {
  if (GetParam().settings.reference == Reference::physical)
    GTEST_SKIP() << "reference columns on wires are the host's work";
  const auto device = make_device("model = \"pcm\"\ntime_s = 3600.0");
  ConvGeometry dense;
  dense.in_channels = 11, dense.out_channels = 10;
  for (const Wires& wires :
       {Wires{1, 2, 0, 0, RowDrive::left}, Wires{30, 20, 100, 50, RowDrive::both},
        Wires{0, 0, 1000, 0, RowDrive::left}}) {
    periphery_.wires = wires;
    std::vector<MappedLayer> layers{map(*device, 0, small_convolution()), map(*device, 1, dense)};
    layers[0].spare({true, false, false, true, false, false, true});
    const std::vector<Floats> got = programmed(layers, *device);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Floats expected = wanted(layers[i], *device);
      const auto largest = static_cast<float>(layers[i].scale().w_max);
      for (std::size_t j = 0; j < expected.size(); ++j)
        ASSERT_NEAR(got[i][j], expected[j], 2e-7f * largest) << "layer " << i << " at " << j;
    }
  }
}

TEST(ResidentDevices, RefuseCircuitsWithoutASolution) {
  // -2 ohm behind 1 ohm of row and 1 ohm of column wire: no resistance is left.
  ConvGeometry one;
  one.in_channels = one.out_channels = 1;
  const auto device = make_device("model = \"ideal\"");
  const MappedLayer layer("layer", 0, one, Floats{1.0f}, {}, -0.5, 0.5);
  Periphery periphery;
  periphery.wires = Wires{1, 1, 0, 0, RowDrive::left};
  EXPECT_THROW(layer.program(*device, kKey, periphery), UnsupportedError);
  const auto machine = std::make_shared<test::EmulatedMachine>();
  cuda::Array<float> weights(machine);
  const ProgrammingPlan plan = layer.plan(*device, periphery).value();
  cuda::ResidentDevices devices(machine, {plan}, {cuda::kernel_place(plan, weights.at_least(1))});
  EXPECT_THROW(devices.program({&kKey, 1}), UnsupportedError);
}

/// Exact, but read with a noise of its own.
struct HumIsItsOwn final : DeviceModel {
  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    return std::vector<DeviceEffect>{};
  }
  bool reads_noisily() const override { return true; }
};

INSTANTIATE_TEST_SUITE_P(Of, ResidentDevicesTest, ::testing::ValuesIn(test::encodings()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ProgrammingPlans, AreAbsentWhereMoreHappensThanEffectsOnSingleDevices) {
  MappingSettings settings;
  const ConvGeometry g = small_convolution();
  const Floats w = normals(45 * 7);
  const auto plan = [&](const char* toml, const Periphery& periphery = {}) {
    const auto device = make_device(toml);
    return MappedLayer("layer", 0, g, w, settings, device->g_min_S, device->g_max_S)
        .plan(*device, periphery);
  };
  const char* aged = "model = \"pcm\"\ntime_s = 10.0";
  EXPECT_TRUE(plan(aged));
  EXPECT_FALSE(plan("model = \"polynomial\"")) << "functions of its own";
  EXPECT_FALSE(plan("model = \"stack\"\nmodels = [{model = \"awgn\"}, {model = \"polynomial\"}]"));
  EXPECT_FALSE(plan("model = \"stuck\"\nopen_rate = 0.1\ncount = \"exact\""));
  EXPECT_FALSE(plan("model = \"rram_milo\"\nv_read_V = 0.2")) << "not ohmic";
  Periphery quiet;
  quiet.read_noise = false;
  const HumIsItsOwn humming;
  const MappedLayer layer("layer", 0, g, w, settings, humming.g_min_S, humming.g_max_S);
  EXPECT_FALSE(layer.plan(humming, {})) << "reads of its own";
  EXPECT_TRUE(layer.plan(humming, quiet));
  settings.encoding = Encoding::offset;
  settings.reference = Reference::physical;
  EXPECT_TRUE(plan(aged));
  Periphery wired;
  wired.wires.emplace();
  EXPECT_FALSE(plan(aged, wired)) << "reference columns on wires";
  settings = {};
  EXPECT_TRUE(plan(aged, wired));
  settings.compensation = Compensation::column;
  EXPECT_FALSE(plan(aged));
  EXPECT_TRUE(plan("model = \"pcm\"\ntime_s = 0.0")) << "nothing to compensate";
}

}  // namespace
}  // namespace ohmic
