// Device models from shared libraries. Plug-ins stay loaded, so the tests of this file share them.
#include "experiments/study/plugin.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "experiments/commands/program.hpp"
#include "experiments/study/experiment.hpp"
#include "nn/io/sha256.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

// OHMIC_TEST_PLUGIN...: files that the build makes, see tests/CMakeLists.txt.
const std::string kPlugin = OHMIC_TEST_PLUGIN;

std::string refusal(const std::string& file) {
  try {
    load_plugin(file);
  } catch (const ConfigError& error) {
    return std::string(error.what()).substr(std::string("error: ").size());
  }
  return "loaded";
}

Experiment experiment(const std::string& text) {
  std::vector<Fault> faults;
  Experiment e = Experiment::read(parse_toml(text, "study.toml"), faults);
  if (!faults.empty()) throw ConfigError(faults);
  return e;
}

class PluginTest : public testing::Test {
 protected:
  PluginTest() { fs::create_directories(folder_); }
  ~PluginTest() override { fs::remove_all(folder_); }
  const fs::path folder_ =
      fs::temp_directory_path() / ("ohmic_plugin_test_" + std::to_string(::getpid()));
};

TEST_F(PluginTest, BringsItsDeviceModel) {
  load_plugin(kPlugin);
  load_plugin(kPlugin);
  ASSERT_EQ(plugins().size(), 1u);
  EXPECT_EQ(plugins()[0].devices, std::vector<std::string>{"lognormal"});
  EXPECT_EQ(plugins()[0].sha256, sha256_of_file(kPlugin));
  const Experiment e = experiment("device = { model = 'lognormal', s = 0.5 }");
  const std::vector<double> target_S(20000, 1e-5);
  std::vector<double> G_S(target_S.size());
  DeviceBlock block;
  block.key = noise_key(7, 0);
  e.device->program(block, target_S, G_S);
  double mean = 0;
  for (const double G : G_S) mean += G / 1e-5 / static_cast<double>(G_S.size());
  // Std of the mean sqrt((exp(s^2) - 1)/20000) = 0.0038: five of them, false alarm 6e-7.
  EXPECT_NEAR(mean, 1.0, 0.019);
}

// A loader that maps a truncated library ends in SIGBUS.
TEST_F(PluginTest, TruncatedFilesAreRefusedBeforeTheyAreLoaded) {
  std::ifstream stream(kPlugin, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  const std::string file = (folder_ / "cut.so").string();
  for (const double part : {0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99}) {
    const auto size = static_cast<std::size_t>(part * static_cast<double>(whole.size()));
    std::ofstream(file, std::ios::binary) << whole.substr(0, size);
    const std::string said = "--plugin " + file + ": is damaged: it has " + std::to_string(size) +
                             " bytes and its headers name ";
    EXPECT_EQ(refusal(file).substr(0, said.size()), said);
  }
  std::ofstream(file, std::ios::binary) << whole.substr(0, 10);
  EXPECT_NE(refusal(file).find("cannot be loaded as a shared library"), std::string::npos);
}

TEST_F(PluginTest, IsKnownToEveryCommand) {
  const char* argv[] = {"ohmic", "list", "devices", "--plugin", kPlugin.c_str()};
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_program(5, argv), 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("\n  lognormal "), std::string::npos);
  const char* first[] = {"ohmic", "--plugin", kPlugin.c_str(), "describe", "lognormal"};
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_program(5, first), 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("Programming error whose logarithm"),
            std::string::npos);
}

TEST_F(PluginTest, CountsInTheIdentityOfPointsThatUseIt) {
  load_plugin(kPlugin);
  const std::string hash = plugins().at(0).sha256;
  const auto hashes = [](const std::string& device) {
    return plugin_hashes(parse_toml(device, "study.toml"));
  };
  EXPECT_EQ(hashes("model = 'lognormal'"), std::vector<std::string>{hash});
  EXPECT_EQ(hashes("model = 'stack'\nmodels = [{ model = 'awgn' }, { model = 'lognormal' }]"),
            std::vector<std::string>{hash});
  EXPECT_EQ(hashes("model = 'awgn'"), std::vector<std::string>{});
}

TEST_F(PluginTest, IsRefusedWithTheReason) {
  load_plugin(kPlugin);
  const std::string text = (folder_ / "text.so").string(), copy = (folder_ / "copy.so").string();
  std::ofstream(text) << "not a library, but long enough to have an ELF header if it were one\n";
  fs::copy_file(kPlugin, copy);
  EXPECT_EQ(refusal("nowhere.so"), "--plugin nowhere.so: there is no such file");
  EXPECT_EQ(refusal(text),
            "--plugin " + text + ": cannot be loaded as a shared library: invalid ELF header");
  EXPECT_EQ(refusal(copy), "--plugin " + copy +
                               ": registers a device model \"lognormal\", which exists already; "
                               "rename it");
  EXPECT_EQ(refusal(OHMIC_TEST_PLUGIN_OTHER_RELEASE),
            std::string("--plugin ") + OHMIC_TEST_PLUGIN_OTHER_RELEASE +
                ": was built against ohmic 9.8.7, this is ohmic 0.1.0; build it again");
  EXPECT_EQ(refusal(OHMIC_TEST_PLUGIN_UNDEFINED),
            std::string("--plugin ") + OHMIC_TEST_PLUGIN_UNDEFINED +
                ": undefined symbol: defined_nowhere; link the plug-in with what defines it");
  EXPECT_EQ(refusal(OHMIC_TEST_PLUGIN_WITHOUT),
            std::string("--plugin ") + OHMIC_TEST_PLUGIN_WITHOUT +
                ": registers no device model (OHMIC_REGISTER_DEVICE)");
  EXPECT_EQ(plugins().size(), 1u);
}

}  // namespace
}  // namespace ohmic
