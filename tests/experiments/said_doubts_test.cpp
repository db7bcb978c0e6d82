// What is said against a network is said by every writer.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "experiments/measure/recorded.hpp"
#include "nn/io/checkpoint.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

using test::call;
using test::Said;

constexpr char kGiven[] = R"(
[data]
name = "synthetic"
train_images = 40
test_images = 40
normalize = "none"
[model]
name = "resnet8"
width = 2
[device]
model = "awgn"
eta = 0.1
[evaluation]
draws = 2
[compute]
device = "cpu"
threads = 1
[output]
figures = false
)";

/// Weights that are all zero: no answer depends on an image.
class DeadNetwork : public test::StartedRun {
 protected:
  void SetUp() override {
    StartedRun::SetUp();
    give_weights("first");
    write_atomically(folder_ / "tiny.toml", kGiven);
    more_ = {"--set", "model.weights=" + (folder_ / "zero.safetensors").string()};
  }
  /// Zeros in a file that differs by its metadata.
  void give_weights(const std::string& version) const {
    ModelSettings model;
    model.name = "resnet8";
    model.width = 2;
    Checkpoint checkpoint{initialize(build_model(model, 10), "glorot_uniform", 1),
                          {{"version", version}}};
    for (auto& [name, tensor] : checkpoint.weights)
      std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
    write_safetensors(folder_ / "zero.safetensors", checkpoint);
  }
  std::vector<std::string> words(const std::string& name) const {
    std::vector<std::string> all{OHMIC_PROGRAM, name, folder_ / "tiny.toml"};
    all.insert(all.end(), more_.begin(), more_.end());
    return all;
  }
  std::vector<std::string> more_;
};

constexpr char kConstant[] =
    "zero.safetensors on synthetic: every image gets the same logits: no "
    "answer depends on what the network sees";
constexpr char kChance[] = "% of 40 test images are answered right, and guessing gives 10 %";

TEST_F(DeadNetwork, IsNamedOnTheTerminalInTheReportAndInTheFiles) {
  const Said said = call(command("run", more_));
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_NE(said.err.find(std::string("warning: ") + kConstant), std::string::npos) << said.err;
  EXPECT_NE(said.out.find("Before believing these numbers:\n"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find(kConstant), std::string::npos) << said.out;
  EXPECT_NE(said.out.find(kChance), std::string::npos) << said.out;
  EXPECT_NE(content("run", "report.html").find(kConstant), std::string::npos);
  const Said again = call(command("run", more_));
  EXPECT_NE(again.out.find(kConstant), std::string::npos)
      << "of points that were there: " << again.out;
  const Said report = call({OHMIC_PROGRAM, "report", folder_ / "run"});
  EXPECT_EQ(report.status, 0) << report.err;
  EXPECT_NE(content("run", "report.html").find(kConstant), std::string::npos);
}

/// Every line of results.jsonl.
std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST_F(DeadNetwork, IsNamedWithEveryPoint) {
  ASSERT_EQ(call(command("run", more_)).status, 0);
  const auto lines = lines_of(content("run", "results.jsonl"));
  ASSERT_FALSE(lines.empty());
  for (const auto& line : lines) {
    const auto warnings = line.at("warnings").get<std::vector<std::string>>();
    EXPECT_NE(std::ranges::find(warnings, std::string(kConstant) + "."), warnings.end())
        << line.dump();
  }
}

// The facts that are kept are changed by hand: who takes them repeats that.
TEST_F(DeadNetwork, IsExaminedAgainOnlyWhenItsWeightsHaveChanged) {
  ASSERT_EQ(call(command("run", more_)).status, 0);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "run" / "plausibility")) {
    auto facts = parse_recorded(read_whole(entry.path()), entry.path().string());
    EXPECT_EQ(take_digest(facts), Digest::right);
    facts["kernels"] = 99;
    add_digest(facts);
    write_atomically(entry.path(), facts.dump());
  }
  more_.insert(more_.end(), {"--set", "sweep.device.eta=[0.3]"});
  const Said kept = call(command("run", more_));
  EXPECT_NE(kept.err.find("of 99 kernels hold one value throughout"), std::string::npos)
      << kept.err;
  EXPECT_NE(content("run", "results.jsonl").find("of 99 kernels"), std::string::npos);
  give_weights("second");
  const Said examined = call(command("run", more_));
  EXPECT_NE(examined.err.find("every image gets the same logits"), std::string::npos)
      << examined.err;
  EXPECT_EQ(examined.err.find("of 99 kernels"), std::string::npos) << examined.err;
}

TEST_F(DeadNetwork, IsNamedByCheck) {
  const Said said = call(words("check"));
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_NE(said.out.find("zero.safetensors on synthetic: "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("% of 40 test images are answered right without noise\n"),
            std::string::npos)
      << said.out;
  EXPECT_NE(said.out.find(std::string("warning: ") + kConstant), std::string::npos) << said.out;
}

TEST_F(DeadNetwork, IsNamedBeforeABudgetIsSearchedAndWithItsResult) {
  write_atomically(folder_ / "tiny.toml",
                   std::string(kGiven) +
                       "[budget]\nmax_drop = [5]\nmax_draws = 2\n"
                       "[budget.find]\nknob = \"device.eta\"\nrange = [0.1, 0.5]\n");
  auto all = words("budget");
  all.insert(all.end(), {"--out", folder_ / "run"});
  const Said said = call(all);
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_NE(said.err.find(std::string("warning: ") + kConstant), std::string::npos) << said.err;
  EXPECT_LT(said.err.find(kConstant), said.err.find("loss of at most")) << said.err;
  EXPECT_NE(said.out.find(std::string("warning: ") + kConstant), std::string::npos) << said.out;
  for (const char* file : {"budget.md", "report.html"})
    EXPECT_NE(content("run", file).find(kConstant), std::string::npos) << file;
}

}  // namespace
}  // namespace ohmic
