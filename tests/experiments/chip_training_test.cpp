// Chip in the loop in experiments: every draw trained by itself or one of them, measured where it
// was trained, beside other cases.
#include "experiments/study/chip_training.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>

#include "tests/experiments/command_line.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ohmic;
using test::Result;

const std::string kStudy =
    "[data]\nname = \"synthetic\"\ntrain_images = 60\ntest_images = 60\n"
    "[model]\nname = \"resnet8\"\nwidth = 2\n"
    "[train]\nepochs = 2\nbatch = 20\naugment = false\nlearning_rate = 0.01\n"
    "only = [\"*bn*\", \"*.bias\"]\n"
    "[device]\nmodel = \"awgn\"\neta = 0.5\n";

class ChipTrainingRuns : public testing::Test {
 protected:
  std::string experiment(const std::string& more) { return folder_.write("f.toml", kStudy + more); }
  Result run(const std::string& name, const std::string& more) {
    return ohmic({"run", experiment(more), "--out", folder_.path() / name});
  }
  /// A column of a table of a run, text by text.
  std::vector<std::string> column(const std::string& run, const std::string& table,
                                  const std::string& name) const {
    std::istringstream lines(test::bytes_of(folder_.path() / run / table));
    std::vector<std::string> values;
    std::size_t at = 0;
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string> fields;
      std::istringstream row(line);
      for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
      if (values.empty() && at == 0) {
        while (at < fields.size() && fields[at] != name) ++at;
        EXPECT_LT(at, fields.size()) << name << " in " << line;
        ++at;
        continue;
      }
      values.push_back(at - 1 < fields.size() ? fields[at - 1] : "");
    }
    return values;
  }
  void expect_finished(const std::string& name, const std::string& points) {
    const auto run = folder_.path() / name;
    const Result again = ohmic({"run", run / "resolved.toml", "--dry-run", "--out", run});
    EXPECT_NE((again.out + again.err).find(points), std::string::npos) << again.out << again.err;
  }
  test::TemporaryFolder folder_;
};

// One point of three chips is what three points of a chip each are.
TEST_F(ChipTrainingRuns, EachIsEveryChipByItself) {
  const Result each =
      run("each",
          "[train.hardware]\nchip = \"each\"\nchip_epochs = 1\n[evaluation]\nfirst_draw = 4\n"
          "draws = 3\n");
  ASSERT_EQ(each.status, 0) << each.err;
  const Result swept = run("swept",
                           "[train.hardware]\nchip_epochs = 1\nchip = 4\n[sweep]\n"
                           "\"train.hardware.chip\" = [4, 5, 6]\n");
  ASSERT_EQ(swept.status, 0) << swept.err;
  double mean = 0;
  const std::vector<std::string> own = column("swept", "results.csv", "accuracy");
  ASSERT_EQ(own.size(), 3u);
  for (const std::string& accuracy : own) mean += std::stod(accuracy) / 3;
  EXPECT_NEAR(std::stod(column("each", "results.csv", "accuracy").at(0)), mean, 1e-12);
  EXPECT_EQ(column("swept", "results.csv", "draws"), (std::vector<std::string>{"1", "1", "1"}));
  expect_finished("each", "1 finished");
  expect_finished("swept", "3 finished");
}

TEST_F(ChipTrainingRuns, StandsBesideOtherCasesChipByChip) {
  const Result done = run("cases",
                          "[evaluation]\ndraws = 3\n[sweep]\ncase = [\n"
                          "{ name = \"as written\", train = { only = [] } },\n"
                          "{ name = \"in the loop\", train.hardware.chip = \"each\" },\n]\n");
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_NE(done.out.find("beside the first"), std::string::npos) << done.out;
  const std::vector<std::string> difference = column("cases", "cases.csv", "difference");
  ASSERT_EQ(difference.size(), 2u);
  EXPECT_TRUE(difference[0].empty());
  const std::vector<std::string> accuracy = column("cases", "results.csv", "accuracy");
  EXPECT_NEAR(std::stod(difference[1]), std::stod(accuracy[1]) - std::stod(accuracy[0]), 1e-9);
  const std::vector<std::string> baseline = column("cases", "results.csv", "baseline");
  EXPECT_EQ(baseline[0], baseline[1]) << "one network before there is a chip";
  std::size_t trainings = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_.path() / "cases" / "training"))
    trainings += std::filesystem::exists(entry.path() / "weights.safetensors");
  EXPECT_EQ(trainings, 4u) << "the network, and one on each chip";
  expect_finished("cases", "2 finished");
}

TEST_F(ChipTrainingRuns, OtherChipsAreNamed) {
  const Result done =
      run("other", "[train.hardware]\nchip = 1\n[evaluation]\nfirst_draw = 5\ndraws = 2\n");
  ASSERT_EQ(done.status, 0) << done.err;
  const std::string said = "trained on chip 1 (train.hardware.chip) and measured on draws 5 to 6";
  EXPECT_NE((done.out + done.err).find(said), std::string::npos) << done.out << done.err;
}

TEST_F(ChipTrainingRuns, WeightsForOneChipSaySoWhereTheyAreGiven) {
  ASSERT_EQ(run("one", "[train.hardware]\nchip = 1\n").status, 0);
  std::size_t marked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "one/training")) {
    const auto weights = entry.path() / "weights.safetensors";
    if (!std::filesystem::exists(weights)) continue;
    const Result given = ohmic({"run", experiment("[evaluation]\ndraws = 2\n"), "--out",
                                folder_.path() / ("given" + std::to_string(marked)), "--set",
                                "model.weights=" + weights.string()});
    ASSERT_EQ(given.status, 0) << given.err;
    marked += (given.out + given.err).find("model.weights were trained on one chip, draw 1") !=
              std::string::npos;
  }
  EXPECT_EQ(marked, 1u) << "the other is the network before";
}

TEST_F(ChipTrainingRuns, WrongNumbersAreRefusedWhereTheyStand) {
  for (const char* wrong : {"-1", "\"all\"", "1.5", "1000000000"}) {
    const Result refused =
        ohmic({"check", experiment(std::string("[train.hardware]\nchip = ") + wrong + "\n")});
    EXPECT_EQ(refused.status, 2) << wrong;
    for (const std::string part :
         {"f.toml:18:", "train.hardware.chip", "expected the number of a draw (0, 1, ...", wrong})
      EXPECT_NE(refused.err.find(part), std::string::npos) << part << " in " << refused.err;
  }
}

std::vector<Fault> faults_of(const std::string& text) {
  std::vector<Fault> faults;
  Experiment::read(parse_toml(text, "study.toml"), faults);
  return faults;
}

TEST(ChipTrainingSettings, ContradictionsAreNamedByTheirKeys) {
  const std::string loop = kStudy + "[train.hardware]\nchip = 3\n";
  EXPECT_TRUE(faults_of(loop).empty());
  const std::map<std::string, std::string> wrong{
      {"device = { model = 'pcm' }\n", "train.hardware.device"},
      {"periphery = { adc = { bits = 4 } }\n", "train.hardware.periphery"},
      {"mapping = { tile = [8, 8] }\n", "train.hardware.mapping"},
      {"times_s = [1.0]\n", "train.hardware.times_s"},
      {"ramp_epochs = 1.0\n", "train.hardware.ramp_epochs"},
      {"[evaluation]\ndraws = 10\n", "evaluation.draws"},
      {"[evaluation]\nfirst_draw = 2\ndraws = 2\n", "evaluation.draws"},
      {"[evaluation]\nestimator = 'per_batch'\n", "evaluation.estimator"},
      {"[evaluation]\nstop = {}\n", "evaluation.stop"},
      {"[mapping]\nbias = 'analog'\n", "train.hardware.chip"},
      {"[noise]\nsemantics = 'folded'\n", "noise.semantics"},
      {"[noise]\nspare_dead_filters = true\n", "noise.spare_dead_filters"}};
  for (const auto& [more, key] : wrong) {
    const std::vector<Fault> faults = faults_of(loop + more);
    ASSERT_EQ(faults.size(), 1u) << more;
    EXPECT_EQ(faults[0].key, key);
    EXPECT_NE(faults[0].message.find("expected"), std::string::npos) << faults[0].message;
    EXPECT_GT(faults[0].where.line, key == "train.hardware.chip" ? 17 : 18) << more;
  }
  EXPECT_TRUE(faults_of(loop + "[evaluation]\nfirst_draw = 3\n").empty());
  EXPECT_TRUE(faults_of(loop + "[evaluation]\nfirst_draw = 4\ndraws = 3\n").empty());
}

TEST(ChipTrainingSettings, AllThatTheChipIsMadeOfCountsForWhatIsTrained) {
  const auto read = [](const std::string& text) {
    std::vector<Fault> faults;
    Experiment e = Experiment::read(parse_toml(text, "study.toml"), faults);
    EXPECT_TRUE(faults.empty()) << text << faults.front().message;
    return e;
  };
  const std::string loop = kStudy + "g_max_S = 1e-5\n[train.hardware]\nchip = 3\n";
  const Experiment one = read(loop);
  for (const std::string more : {"[device.layers.conv1]\neta = 0.1\n", "[mapping]\ntile = [8, 8]\n",
                                 "[periphery]\nadc = { bits = 4 }\n",
                                 "[periphery]\nadc = { bits = 4 }\n"
                                 "[periphery.layers.conv1]\nadc.bits = 6\n"})
    EXPECT_NE(read(loop + more).training_identity(), one.training_identity()) << more;
  EXPECT_NE(read(loop + "[device.layers.conv1]\neta = 0.1\n").training_identity(),
            read(loop + "[device.layers.conv1]\neta = 0.2\n").training_identity());
  std::string plain = kStudy;
  plain.erase(plain.find("only = "), plain.find("[device]") - plain.find("only = "));
  EXPECT_EQ(before_chip(one).training_identity(), read(plain).training_identity());
}

}  // namespace
}  // namespace ohmic
