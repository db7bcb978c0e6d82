// Training in experiments beyond a network's first: from given weights, of a file's network,
// through hardware, and what is wrong with asking for it.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "experiments/study/experiment.hpp"
#include "nn/io/checkpoint.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::npy;
using test::ohmic;
using test::Result;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

/// Two classes from four numbers, which ends in a softmax and knows nothing yet.
test::Message untrained() {
  test::Message graph;
  graph.message(1, test::onnx_node("Gemm", {"x", "hidden.weight", "hidden.bias"}, {"h"}));
  graph.message(1, test::onnx_node("Relu", {"h"}, {"r"}));
  graph.message(1, test::onnx_node("Gemm", {"r", "head.weight"}, {"z"}));
  graph.message(1, test::onnx_node("Softmax", {"z"}, {"y"}));
  Floats hidden, head;
  for (int i = 0; i < 32; ++i) hidden.push_back(std::sin(1.0f + 3 * static_cast<float>(i)));
  for (int i = 0; i < 16; ++i) head.push_back(0.3f * std::cos(2.0f * static_cast<float>(i)));
  graph.message(5, test::onnx_tensor("hidden.weight", {4, 8}, test::raw(hidden)));
  graph.message(5, test::onnx_tensor("hidden.bias", {8}, test::raw(Floats(8))));
  graph.message(5, test::onnx_tensor("head.weight", {8, 2}, test::raw(head)));
  graph.message(11, test::onnx_value("x", {-1, 4}));
  graph.message(12, test::onnx_value("y", {-1, 2}));
  return test::onnx_model(graph);
}

class FurtherTraining : public testing::Test {
 protected:
  void SetUp() override {
    Floats x;
    Integers y;
    for (int i = 0; i < 200; ++i) {
      for (int k = 0; k < 4; ++k) x.push_back(std::sin(static_cast<float>(7 * i + 11 * k * k)));
      y.push_back(x[x.size() - 4] * x[x.size() - 3] > 0);  // not linear
    }
    folder_.write("net.onnx", untrained().bytes());
    folder_.write("x.npy", npy("<f4", "200, 4", test::raw(x)));
    folder_.write("y.npy", npy("<i8", "200,", test::raw(y)));
  }
  /// An experiment of net.onnx, with lines of [train] and what comes behind it.
  std::string experiment(const std::string& train) {
    const std::string at = folder_.path().string() + "/";
    const std::string set = "{ samples = \"" + at + "x.npy\", labels = \"" + at + "y.npy\" }";
    return folder_.write("f.toml", "model.file = \"" + at +
                                       "net.onnx\"\n[data]\nname = \"files\"\ntest = " + set +
                                       "\ntrain = " + set + "\n[evaluation]\ndraws = 2\n" +
                                       (train.empty() ? "" : "[train]\n" + train));
  }
  Result run(const std::string& name, const std::string& train) {
    return ohmic({"run", experiment(train), "--out", folder_.path() / name});
  }
  /// The only row of results.csv.
  double baseline(const std::string& name) const {
    const std::string csv = test::bytes_of(folder_.path() / name / "results.csv");
    const auto second = csv.find('\n') + 1;
    std::istringstream head(csv.substr(0, second - 1)), row(csv.substr(second));
    for (std::string key, value; std::getline(head, key, ',');) {
      std::getline(row, value, ',');
      if (key == "baseline") return std::stod(value);
    }
    return -1;
  }
  /// What the resolved file of a run would find of it.
  void expect_finished(const std::string& name, const std::string& points) {
    const auto run = folder_.path() / name;
    const Result again = ohmic({"run", run / "resolved.toml", "--dry-run", "--out", run});
    EXPECT_NE((again.out + again.err).find(points), std::string::npos) << again.out << again.err;
  }
  test::TemporaryFolder folder_;
};

const std::string kRecipe =
    "epochs = 40\nbatch = 10\naugment = false\nl2 = 0.0\nlearning_rate = 0.01\n"
    "schedule = \"constant\"\n";
const std::string kChip =
    "[train.hardware]\ndevice = { model = \"awgn\", eta = 0.05 }\n"
    "periphery = { dac = { bits = 8 }, adc = { bits = 8 } }\n";

TEST_F(FurtherTraining, ANetworkOfAFileLearnsThroughAChip) {
  const Result before = run("before", "");
  EXPECT_EQ(before.status, 0) << before.err;
  const Result done = run("after", kRecipe + "start = \"given\"\n" + kChip);
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_LT(baseline("before"), 0.7);
  EXPECT_GT(baseline("after"), 0.9) << done.out;
  EXPECT_NE((done.out + done.err).find("trained further by adam 0.01, through awgn hardware"),
            std::string::npos);
}

TEST_F(FurtherTraining, WhatWasTrainedIsGivenToTheFilesNetwork) {
  ASSERT_EQ(run("trained", kRecipe + "start = \"given\"\n").status, 0);
  std::filesystem::path weights;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_.path() / "trained" / "training"))
    if (entry.path().filename() == "weights.safetensors") weights = entry.path();
  ASSERT_FALSE(weights.empty());
  const Result again = ohmic({"run", experiment(""), "--out", folder_.path() / "again", "--set",
                              "model.weights=" + weights.string()});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(baseline("again"), baseline("trained"));
}

TEST_F(FurtherTraining, IsNotDoneToCheckAFile) {
  const Result checked = ohmic({"check", experiment(kRecipe + "start = \"given\"\n")});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_EQ((checked.out + checked.err).find("training"), std::string::npos) << checked.err;
}

TEST_F(FurtherTraining, AugmentationOfWhatAreNoImagesIsRefused) {
  const Result refused = run("a", "epochs = 1\nstart = \"given\"\n");
  EXPECT_NE(refused.status, 0);
  EXPECT_NE(refused.err.find("expected train.augment = false"), std::string::npos) << refused.err;
}

TEST_F(FurtherTraining, IsCheckedBeforeARun) {
  const Result images = ohmic({"check", experiment("start = \"given\"\n")});
  EXPECT_EQ(images.status, 3);
  EXPECT_NE(images.err.find("train.augment = false"), std::string::npos) << images.err;
  const Result names =
      ohmic({"check", experiment("start = \"given\"\naugment = false\nonly = [\"x*\"]\n")});
  EXPECT_NE(names.err.find("there are hidden.weight, hidden.bias, head.weight"), std::string::npos)
      << names.err;
}

TEST_F(FurtherTraining, EveryTrainingOfASweepIsChecked) {
  const Result checked = ohmic({"check", experiment("start = \"given\"\naugment = false\n[sweep]\n"
                                                    "\"train.only\" = [[\"*\"], [\"x*\"]]\n")});
  EXPECT_NE(checked.err.find("\"x*\" names no parameter"), std::string::npos) << checked.err;
}

TEST_F(FurtherTraining, AnUnknownDeviceIsNamedWithWhatIsMeant) {
  const Result checked =
      ohmic({"check",
             experiment("start = \"given\"\n[train.hardware]\ndevice = { model = \"pcmm\" }\n")});
  EXPECT_NE(checked.err.find("train.hardware.device.model"), std::string::npos) << checked.err;
  EXPECT_NE(checked.err.find("pcm"), std::string::npos) << checked.err;
}

TEST_F(FurtherTraining, ResolvedFilesKeepChipsApart) {
  const std::string chips =
      kRecipe +
      "start = \"given\"\n[sweep]\ntrain = [{ hardware = { device = { model = \"pcm\" } } "
      "}, { hardware = { device = { model = \"awgn\", eta = 0.1 } } }, { noise_eta = 0.1 "
      "}]\n";
  const Result done = ohmic(
      {"run", experiment(chips), "--out", folder_.path() / "chips", "--set", "train.epochs=1"});
  ASSERT_EQ(done.status, 0) << done.err;
  expect_finished("chips", "3 finished");
  EXPECT_EQ(ohmic({"report", folder_.path() / "chips"}).status, 0);
}

TEST_F(FurtherTraining, LayersThatAreLeftDigitalMakeAnotherTraining) {
  const Result done = ohmic({"run",
                             experiment(kRecipe + "start = \"given\"\n[sweep]\n"
                                                  "\"mapping.digital\" = [[], [\"head\"]]\n"),
                             "--out", folder_.path() / "digital"});
  EXPECT_EQ(done.status, 0) << done.err;
}

TEST_F(FurtherTraining, ResolvedFilesTrainAgainWhatTheyTrained) {
  const Result done = ohmic({"run",
                             experiment(kRecipe + "[sweep]\n\"train.start\" = [\"init\", "
                                                  "\"given\"]\n"),
                             "--out", folder_.path() / "swept"});
  ASSERT_EQ(done.status, 0) << done.err;
  expect_finished("swept", "2 finished");
}

TEST_F(FurtherTraining, WeightsThatAreNotThereAreNamed) {
  const Result missing =
      ohmic({"check", experiment(""), "--set", "model.weights=none.safetensors"});
  EXPECT_NE(missing.err.find("model.weights"), std::string::npos) << missing.err;
}

std::vector<Fault> faults_of(const std::string& text) {
  std::vector<Fault> faults;
  Experiment::read(parse_toml(text, "study.toml"), faults);
  return faults;
}

TEST(FurtherTrainingSettings, WhatIsWrongIsNamedByItsKey) {
  const auto expect = [](const std::string& text, const std::string& key, const std::string& part) {
    const std::vector<Fault> faults = faults_of(text);
    ASSERT_EQ(faults.size(), 1u) << text;
    EXPECT_EQ(faults[0].key, key);
    EXPECT_NE(faults[0].message.find(part), std::string::npos) << faults[0].message;
  };
  expect("[train]\nstart = 'given'\n", "train.start", "expected model.weights or model.file");
  expect("[train.hardware]\ndevice = { model = 'pcm' }\ntimes_s = [60.0, 1e9]\n",
         "train.hardware.times_s", "allow = [\"train.hardware.times_s\"]");
  expect("[train.hardware]\ndevice = { model = 'pcm', time_s = 1e9 }\n",
         "train.hardware.device.time_s", "beyond the data of pcm");
  expect("[train.hardware]\ndevice = { model = 'pcm', etta = 1 }\n", "train.hardware.device.etta",
         "unknown key");
  expect("[train.hardware]\ndevice = { model = 'pcm', layers = { conv1 = { eta = 1 } } }\n",
         "train.hardware.device.layers", "one kind");
  expect("[train.hardware]\ndevice = { model = 'pcm' }\nmapping = { digital = ['a'] }\n",
         "train.hardware.mapping.digital", "[mapping]");
  expect("[train.hardware]\ndevice = { model = 'pcm' }\nperiphery = { adc = { bits = 99 } }\n",
         "train.hardware.periphery.adc.bits", "[1, 16]");
  EXPECT_TRUE(faults_of("[train.hardware]\ntimes_s = [1.0]\n").empty());
  expect("[train.hardware]\ndevice = { model = 'stuck', open_rate = 7.0 }\n",
         "train.hardware.device.open_rate", "[0, 1]");
  EXPECT_TRUE(faults_of("allow = ['train.hardware.times_s']\n[train.hardware]\n"
                        "device = { model = 'pcm' }\ntimes_s = [60.0, 1e9]\n")
                  .empty());
}

TEST(FurtherTrainingSettings, AllOfTheChipCountsForWhatIsTrainedAndNothingElseOfIt) {
  const auto identity = [](const std::string& text) {
    std::vector<Fault> faults;
    const Experiment e = Experiment::read(parse_toml(text, "study.toml"), faults);
    EXPECT_TRUE(faults.empty()) << text;
    return e.training_identity();
  };
  const std::string chip = "[train.hardware]\ndevice = { model = 'pcm' }\n";
  const std::string plain = identity(chip);
  EXPECT_NE(plain, identity(""));
  EXPECT_EQ(plain, identity(chip + "[device]\nmodel = 'awgn'\n[periphery.adc]\nbits = 4\n"));
  for (const char* more :
       {"periphery = { adc = { bits = 4 } }\n", "periphery = { read_noise = false }\n",
        "mapping = { tile = [64, 64] }\n", "times_s = [5.0]\n", "input_gradient = 'plain'\n"})
    EXPECT_NE(plain, identity(chip + more)) << more;
}

}  // namespace
}  // namespace ohmic
