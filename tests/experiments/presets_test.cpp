#include "experiments/study/presets.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "experiments/manual/manual.hpp"
#include "experiments/study/experiment.hpp"
#include "simulator/backend.hpp"
#include "tests/experiments/read_text.hpp"

namespace ohmic {
namespace {

using test::points_of;
using test::read;

std::string faults_of(const std::string& text) {
  try {
    points_of(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no fault";
}

TEST(Presets, AreTheSixByName) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  EXPECT_EQ(names, (std::vector<std::string>{"ideal", "isaac-like", "paper-awgn", "pcm-hermes-like",
                                             "rram-wan-like", "sonos-like"}));
}

TEST(Presets, AreRightAndSayWhereEachValueComesFrom) {
  for (const Preset& preset : presets()) {
    EXPECT_NO_THROW(read("preset = '" + preset.name + "'")) << preset.name;
    EXPECT_FALSE(preset.title.empty());
    std::istringstream lines(preset.text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 110u) << preset.name << ": " << line;
      const bool is_value = line.find(" = ") != std::string::npos && line[0] != '#';
      EXPECT_TRUE(!is_value || line.find("# ") != std::string::npos) << preset.name << ": " << line;
    }
  }
}

TEST(Presets, LieBeneathTheFileAndTheFileBeneathOverrides) {
  const std::string text =
      "preset = 'rram-wan-like'\n[periphery.adc]\nbits = 6\n[mapping]\ntile = [64, 64]\n";
  const Experiment e = read(text, {"device.g_max_S=3e-5"});
  EXPECT_EQ(e.periphery.adc->bits, 6);
  EXPECT_EQ(e.periphery.adc->per, RangePer::layer);
  EXPECT_EQ(e.mapping.tile.rows, 64);
  EXPECT_EQ(e.device_model, "rram_wan");
  EXPECT_DOUBLE_EQ(e.device->g_min_S, 1e-6);
  EXPECT_DOUBLE_EQ(e.device->g_max_S, 3e-5);
  EXPECT_FALSE(read("preset = 'rram-wan-like'\nperiphery.adc = 'ideal'").periphery.adc);
}

TEST(Presets, GiveWayToAnotherDeviceModel) {
  const Experiment e = read("preset = 'pcm-hermes-like'", {"device.model=awgn"});
  EXPECT_EQ(e.device_model, "awgn");
  EXPECT_EQ(e.periphery.dac->bits, 8);
}

TEST(Presets, GiveTheIdentityOfTheirValues) {
  const Experiment named = read("preset = 'paper-awgn'");
  const Experiment written =
      read("mapping.tile = 'unlimited'\n[device]\nmodel = 'awgn'\neta = 0.1\n");
  EXPECT_EQ(named.identity(), written.identity());
  EXPECT_EQ(read(to_toml(named.resolved())).identity(), named.identity());
}

TEST(Presets, CanBeSwept) {
  const auto points = points_of(
      "[periphery.adc]\nbits = 5\n[sweep]\npreset = ['sonos-like', 'rram-wan-like']\n"
      "device.time_s = [1, 86400]\n");
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[0].axes[0].second.text(), "\"sonos-like\"");
  EXPECT_EQ(points[0].experiment.device_model, "sonos");
  EXPECT_EQ(points[3].experiment.device_model, "rram_wan");
  EXPECT_EQ(points[3].experiment.device->time_s, 86400);
  EXPECT_EQ(points[3].experiment.periphery.adc->bits, 5);
}

TEST(Presets, AreRefusedByName) {
  EXPECT_EQ(faults_of("\npreset = 'isac-like'"),
            "study.toml:2:10: error: preset: \"isac-like\" is no preset; did you mean "
            "\"isaac-like\"?");
  EXPECT_EQ(faults_of("preset = 3"),
            "study.toml:1:10: error: preset: expected a string, got the integer 3");
}

TEST(Presets, AreDescribedAsTheyAre) {
  EXPECT_EQ(manual_page("preset isaac-like"), manual_page("isaac-like"));
  EXPECT_NE(manual_page("isaac-like").find("tile = [128, 128]"), std::string::npos);
  EXPECT_NE(manual_page("preset").find("sonos-like"), std::string::npos);
  try {
    manual_page("preset sonos-lik");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "error: nothing is called \"sonos-lik\"; did you mean \"sonos-like\"?");
  }
}

}  // namespace
}  // namespace ohmic
