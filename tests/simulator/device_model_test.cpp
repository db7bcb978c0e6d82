#include "simulator/device_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace ohmic {
namespace {

/// A model of this test alone: holds what it is given, scaled.
class Scaled : public DeviceModel {
 public:
  double factor = 1.0;
  void program(const DeviceBlock&, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::transform(target_S.begin(), target_S.end(), G_S.begin(),
                   [this](double G) { return factor * G; });
  }
  static const Schema<Scaled>& schema() {
    static const Schema<Scaled> s = [] {
      Schema<Scaled> s{"scaled", "Every conductance times a factor."};
      declare_common(s);
      s.add("factor", &Scaled::factor).range(0, 10);
      return s;
    }();
    return s;
  }
};

OHMIC_REGISTER_DEVICE("scaled", Scaled);

std::string faults_of(const std::string& text) {
  std::vector<Fault> faults;
  read_device(parse_toml(text, "f.toml"), "device", faults);
  return ConfigError(faults).what();
}

TEST(DeviceRegistry, IsSortedByName) {
  const auto& kinds = device_kinds();
  EXPECT_TRUE(std::is_sorted(kinds.begin(), kinds.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  EXPECT_NE(find_device_kind("scaled"), nullptr);
  EXPECT_EQ(find_device_kind("nonesuch"), nullptr);
}

TEST(DeviceRegistry, RefusesASecondModelOfOneName) {
  EXPECT_FALSE(register_device_kind(*find_device_kind("scaled")));
}

TEST(ReadDevice, FillsTheModelsOwnParametersAndTheCommonOnes) {
  std::vector<Fault> faults;
  const auto device = read_device(
      parse_toml("model = \"scaled\"\nfactor = 3\ng_max_S = 1e-4\n", "f.toml"), "device", faults);
  ASSERT_TRUE(faults.empty());
  const std::array<double, 2> target{1e-6, 2e-6};
  std::array<double, 2> G{};
  device->program({}, target, G);
  EXPECT_DOUBLE_EQ(G[1], 6e-6);
  EXPECT_EQ(device->g_max_S, 1e-4);
  EXPECT_EQ(device->time_s, 0.0);
}

TEST(ReadDevice, WriteDeviceGivesTheTableBackComplete) {
  std::vector<Fault> faults;
  const auto device =
      read_device(parse_toml("model = \"scaled\"\nfactor = 3\n", "f.toml"), "device", faults);
  EXPECT_EQ(to_toml(write_device("scaled", *device)),
            "model = \"scaled\"\ng_min_S = 0.0\ng_max_S = 2.5e-05\ntime_s = 0.0\nfactor = 3.0\n");
}

TEST(ReadDeviceErrors, UnknownModel) {
  const std::string text = faults_of("model = \"scalde\"\nfactor = 3\n");
  EXPECT_TRUE(text.starts_with("f.toml:1:9: error: device.model: expected one of ")) << text;
  EXPECT_TRUE(
      text.ends_with("got the string \"scalde\"; did you mean \"scaled\"?; a model from outside is "
                     "loaded with --plugin FILE.so"))
      << text;
}

TEST(ReadDeviceErrors, ParametersWithoutAModel) {
  const std::string text = faults_of("factor = 3\n");
  EXPECT_TRUE(text.starts_with("f.toml:1:1: error: device.model: missing; expected one of "))
      << text;
}

TEST(ReadDeviceErrors, ParameterOfAnotherModel) {
  EXPECT_EQ(faults_of("model = \"scaled\"\nfacor = 3\n"),
            "f.toml:2:1: error: device.facor: unknown key; did you mean \"factor\"?");
}

TEST(ReadDeviceErrors, EmptyConductanceRange) {
  EXPECT_EQ(faults_of("model = \"scaled\"\ng_min_S = 3e-5\n"),
            "f.toml:2:11: error: device.g_min_S: 3e-05 is not below g_max_S = 2.5e-05; expected "
            "g_min_S < g_max_S");
}

TEST(ApplyClip, FollowsThePolicy) {
  const std::array<double, 4> start{-1e-6, 1e-6, 10e-6, 30e-6};
  const auto clipped = [&](Clip clip) {
    std::array<double, 4> G = start;
    apply_clip(clip, 2e-6, 25e-6, G);
    return G;
  };
  EXPECT_EQ(clipped(Clip::none), start);
  EXPECT_EQ(clipped(Clip::positive), (std::array<double, 4>{0.0, 1e-6, 10e-6, 30e-6}));
  EXPECT_EQ(clipped(Clip::range), (std::array<double, 4>{2e-6, 2e-6, 10e-6, 25e-6}));
}

TEST(DeviceModelDefaults, NeitherDriftNorReadNoise) {
  const Scaled device;
  std::array<double, 2> G{1e-6, 2e-6}, sigma{1.0, 1.0};
  const auto programmed = G;
  device.drift({}, 1e6, programmed, G);
  device.read_sigma({}, 1e6, programmed, G, sigma);
  EXPECT_EQ(G, programmed);
  EXPECT_EQ(sigma, (std::array<double, 2>{0.0, 0.0}));
  EXPECT_FALSE(device.reads_noisily());
  EXPECT_LT(device.form_factor(), 0.0);
}

}  // namespace
}  // namespace ohmic
