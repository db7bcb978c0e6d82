// [device.layers] in an experiment file: what a layer's devices become, and what is said of faults.
#include <gtest/gtest.h>

#include "experiments/study/experiment.hpp"
#include "simulator/error.hpp"
#include "tests/experiments/read_text.hpp"

namespace ohmic {
namespace {

using test::points_of;
using test::read;

std::string faults_of(const std::string& text) {
  try {
    read(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no fault";
}

double eta_of(const Experiment& e, const std::string& layer) {
  return e.devices().of(layer).form_factor();
}

const std::string kAwgn = "[device]\nmodel = \"awgn\"\neta = 0.1\ntime_s = 3.0\n";

TEST(LayerDevices, OverrideKeysOfTheDevice) {
  for (const char* header :
       {"[device.layers.\"layer1.0.conv1\"]\n", "[device.layers.layer1.0.conv1]\n"}) {
    const Experiment e = read(kAwgn + header + "eta = 0.05\n");
    EXPECT_EQ(eta_of(e, "layer1.0.conv1"), 0.05);
    EXPECT_EQ(eta_of(e, "layer1.0.conv2"), 0.1);
    EXPECT_EQ(e.devices().of("layer1.0.conv1").time_s, 3.0);
  }
}

TEST(LayerDevices, WithAnotherModelKeepRangeAndAgeOnly) {
  const Experiment e = read(kAwgn + "g_max_S = 5e-5\n[device.layers.linear]\nmodel = \"ideal\"\n");
  EXPECT_EQ(e.devices().of("linear").g_max_S, 5e-5);
  EXPECT_EQ(e.devices().of("linear").time_s, 3.0);
  EXPECT_LT(eta_of(e, "linear"), 0);
}

TEST(LayerDevices, AreResolvedToAFileThatGivesThem) {
  const Experiment e = read(kAwgn +
                            "[device.layers.\"layer1.0.conv1\"]\neta = 0.05\n"
                            "[device.layers.linear]\nclip = \"positive\"\neta = 0\n");
  const std::string text = to_toml(e.resolved());
  EXPECT_NE(text.find("[device.layers.layer1.0.conv1]\neta = 0.05\n"), std::string::npos) << text;
  EXPECT_NE(text.find("[device.layers.linear]\neta = 0.0\nclip = \"positive\"\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(to_toml(read(text).resolved()), text);
  EXPECT_EQ(read(text).identity(), e.identity());
}

TEST(LayerDevices, ChangeAPointsIdentity) {
  const std::string plain = read(kAwgn).identity();
  EXPECT_NE(read(kAwgn + "[device.layers.linear]\neta = 0.05\n").identity(), plain);
  EXPECT_EQ(read(kAwgn + "[device.layers]\n").identity(), plain);
}

TEST(LayerDevices, FollowWhatTheSweepDoesToTheDevice) {
  const auto points = points_of(kAwgn +
                                "[device.layers.linear]\nclip = \"positive\"\n"
                                "[sweep]\ndevice.eta = [0.2, 0.3]\n");
  EXPECT_EQ(eta_of(points[1].experiment, "linear"), 0.3);
}

TEST(LayerDevices, AreSweptByTheirDottedKeys) {
  const auto points = points_of(kAwgn +
                                "[device.layers.\"layer1.0.conv1\"]\neta = 0.5\n"
                                "[sweep]\n\"device.layers.layer1.0.conv1.eta\" = [0.2, 0.3]\n");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(eta_of(points[1].experiment, "layer1.0.conv1"), 0.3);
  EXPECT_EQ(points[1].axes[0].second.text(), "0.3");
  EXPECT_EQ(eta_of(read(kAwgn, {"device.layers.linear.eta=0.7"}), "linear"), 0.7);
}

TEST(LayerDevices, OfAPatternAreTakenOverByTheNamesThatItFits) {
  const std::string text = kAwgn +
                           "[device.layers.\"layer1.*\"]\neta = 0.2\nclip = \"positive\"\n"
                           "[device.layers.layer1.0.conv1]\neta = 0.3\n"
                           "[device.layers.layer1.0.conv2]\nmodel = \"ideal\"\n";
  const Experiment e = read(text);
  EXPECT_EQ(eta_of(e, "layer1.1.conv1"), 0.2);
  EXPECT_EQ(eta_of(e, "layer1.0.conv1"), 0.3);
  EXPECT_EQ(eta_of(e, "layer2.0.conv1"), 0.1);
  EXPECT_LT(eta_of(e, "layer1.0.conv2"), 0);
  EXPECT_EQ(write_device("awgn", e.devices().of("layer1.0.conv1")).at("clip")->text(),
            "\"positive\"");
  const std::string resolved = to_toml(e.resolved());
  EXPECT_EQ(to_toml(read(resolved).resolved()), resolved);
  EXPECT_EQ(read(resolved).identity(), e.identity());
  EXPECT_EQ(eta_of(read(text, {"device.layers.\"layer1.*\".eta=0.7"}), "layer1.1.conv1"), 0.7);
}

TEST(LayerDevices, FaultsNameTheirPlace) {
  std::string all;
  for (const std::string& layer : crossbar_layers(read(kAwgn).graph()))
    all += (all.empty() ? "" : ", ") + layer;
  EXPECT_EQ(faults_of(kAwgn + "[device.layers.\"layer1.0.conv3\"]\neta = 0.05\n"),
            "study.toml:5:16: error: device.layers.layer1.0.conv3: resnet20 has no such crossbar "
            "layer; did you mean \"layer1.0.conv1\"? It has " +
                all);
  EXPECT_EQ(faults_of(kAwgn + "[device.layers.linear]\neat = 0.05\n"),
            "study.toml:6:1: error: device.layers.linear.eat: unknown key; did you mean \"eta\"?");
  EXPECT_EQ(faults_of(kAwgn + "[device.layers.\"layer1.*\"]\neta = 0.05\n"
                              "[device.layers.\"*.conv1\"]\neta = 0.05\n"),
            "study.toml:5:16: error: device.layers.layer1.*: fits layer1.0.conv1, and so does "
            "\"*.conv1\": expected one pattern for a layer, or its name, which goes over patterns\n"
            "study.toml:7:16: error: device.layers.*.conv1: fits layer1.0.conv1, and so does "
            "\"layer1.*\": expected one pattern for a layer, or its name, which goes over "
            "patterns");
  EXPECT_EQ(faults_of(kAwgn + "[device.layers]\neta = 0.05\n"),
            "study.toml:5:1: error: device.layers: expected a table for each layer, by its name");
}

}  // namespace
}  // namespace ohmic
