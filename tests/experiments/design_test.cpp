// [budget.design]: designs of real chips against sweeps that are run by themselves.
#include "experiments/budget/design.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/experiments/budget_run.hpp"
#include "tests/experiments/command_line.hpp"

namespace ohmic {
namespace {

using Columns = std::map<std::string, std::vector<std::string>>;

constexpr char kChoices[] =
    "[budget.design.choices]\n\"periphery.adc.bits\" = [3, 4, 5, 6, 7]\n"
    "\"mapping.replicas\" = [1, 2]\n";

Value asking(const std::string& design, const std::string& choices = kChoices) {
  return test::waves(
      "eta = 0.1\n[periphery]\ndac = { bits = 6 }\nadc = { bits = 6 }\n[budget]\nmax_drop = 3\n"
      "drop = \"points\"\nmax_draws = 30\n[budget.design]\nverify_draws = 12\n" +
      design + choices);
}

class BudgetOfDesigns : public test::BudgetRun {
 protected:
  std::vector<double> numbers(const Columns& columns, const std::string& key) const {
    std::vector<double> all;
    for (const std::string& cell : columns.at(key)) all.push_back(std::stod(cell));
    return all;
  }
};

TEST_F(BudgetOfDesigns, FindsWhatASweepFinds) {
  const BudgetOutcome outcome = run(asking(""));
  const Columns found = table("design.csv"), searched = table("design_searched.csv");
  EXPECT_EQ(searched.at("cost").size(), 10u);
  // Every design by itself, on other draws, priced by the run.
  Value sweep = asking(
      "",
      "[cost]\n[evaluation]\ndraws = 40\nfirst_draw = 5000\n[sweep]\nperiphery.adc.bits = [3, 4, "
      "5, 6, 7]\nmapping.replicas = [1, 2]\n");
  sweep.table().erase("budget");
  const Columns swept = test::columns_of(swept_csv(sweep));
  std::map<std::string, double> cost, accuracy;
  for (std::size_t i = 0; i < 10; ++i) {
    const std::string design = swept.at("periphery.adc.bits")[i] + swept.at("mapping.replicas")[i];
    cost[design] = std::stod(swept.at("energy_nJ")[i]);
    accuracy[design] = std::stod(swept.at("accuracy")[i]);
  }
  const auto name = [](const Columns& c, std::size_t i) {
    return c.at("periphery.adc.bits")[i] + c.at("mapping.replicas")[i];
  };
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_NEAR(std::stod(searched.at("cost")[i]), cost.at(name(searched, i)),
                1e-9 * cost.at(name(searched, i)));
  // What is said of those that were verified is true of the sweep's 40 other draws, and none that
  // is cheaper than the answer reaches the limit there by 1 %.
  const double limit = std::stod(found.at("limit")[0]);
  double answer = 0;
  for (std::size_t i = 0; i < found.at("cost").size(); ++i) {
    if (found.at("verdict")[i] == "holds") {
      EXPECT_GE(accuracy.at(name(found, i)), limit - 0.002);
    }
    if (found.at("verdict")[i] == "fails") {
      EXPECT_LT(accuracy.at(name(found, i)), limit + 0.002);
    }
    if (found.at("cheapest")[i] != "true") continue;
    answer = std::stod(found.at("cost")[i]);
    EXPECT_NE(found.at("file")[i], "");
  }
  ASSERT_GT(answer, 0) << outcome.text;
  for (const auto& [design, value] : accuracy)
    if (cost.at(design) < answer) {
      EXPECT_LT(value, limit + 0.01) << design;
    }
  EXPECT_NE(outcome.text.find("Of 10 combinations 10 were priced. The search looked at 10 of them"),
            std::string::npos)
      << outcome.text;
}

TEST_F(BudgetOfDesigns, WritesExperimentsThatGiveTheSameIntervals) {
  run(asking("times_s = [20.0, 3600.0]\n",
             "[budget.design.choices]\n\"periphery.adc.bits\" = [4, 6]\n"));
  const Columns found = table("design.csv");
  std::size_t compared = 0;
  for (std::size_t i = 0; i < found.at("file").size(); ++i) {
    if (found.at("file")[i].empty()) continue;
    const Columns rerun = test::columns_of(swept_csv(read_toml(folder_ / found.at("file")[i])));
    const std::vector<double> accuracies = numbers(rerun, "accuracy");
    ASSERT_EQ(accuracies.size(), 2u) << "a point for each age";
    const auto worst =
        static_cast<std::size_t>(std::ranges::min_element(accuracies) - accuracies.begin());
    for (const std::string end : {"", "_lo", "_hi"})
      EXPECT_NEAR(std::stod(found.at("accuracy" + end)[i]),
                  std::stod(rerun.at("accuracy" + end)[worst]), 1e-12);
    EXPECT_EQ(rerun.at("draws")[0], "12");
    EXPECT_NEAR(std::stod(rerun.at("energy_nJ")[0]), std::stod(found.at("energy_nJ")[i]), 1e-6);
    ++compared;
  }
  EXPECT_GT(compared, 0u);
}

TEST_F(BudgetOfDesigns, GoesOnWhereItWasAndGivesTheSameBytes) {
  run(asking(""));
  const std::string first = content("design.csv") + content("design_searched.csv") +
                            content("design_1.toml") + content("budget.md");
  const auto again = [&] {
    return content("design.csv") + content("design_searched.csv") + content("design_1.toml") +
           content("budget.md");
  };
  EXPECT_EQ(run(asking("")).new_draws, 0);
  EXPECT_EQ(again(), first);
  EXPECT_EQ(run(parse_toml(content("resolved.toml"), "resolved.toml")).new_draws, 0);
  EXPECT_EQ(again(), first);
  // Of a search that was killed some evaluations are there.
  std::size_t removed = 0;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "evaluations"))
    files.push_back(entry.path());
  std::ranges::sort(files);
  for (std::size_t i = 0; i < files.size(); i += 3) removed += std::filesystem::remove(files[i]);
  ASSERT_GT(removed, 0u);
  EXPECT_GT(run(asking("")).new_draws, 0);
  EXPECT_EQ(again(), first);
}

// Four designs can be looked at, and eight are predicted: of 60 the search finds the cheapest that
// brute force finds among all of them on many draws.
TEST_F(BudgetOfDesigns, PredictsWhereDrawsDoNotSufficeForAll) {
  const std::string choices =
      "[budget.design.choices]\n\"periphery.adc.bits\" = [3, 4, 5, 6, 7]\n"
      "\"mapping.replicas\" = [1, 2, 3]\nperiphery.adc.columns_per_adc = [1, 2, 4, 8]\n";
  const BudgetOutcome outcome = run(asking("evaluations = 200\ncost = \"area\"\n", choices));
  EXPECT_NE(outcome.text.find("predictions without noise"), std::string::npos) << outcome.text;
  const Columns few = table("design.csv");
  run(asking("evaluations = 10000\ncost = \"area\"\n", choices));
  const Columns all = table("design.csv");
  EXPECT_EQ(table("design_searched.csv").at("cost").size(), 60u);
  const auto cheapest = [&](const Columns& c) {
    const auto at = std::ranges::find(c.at("cheapest"), "true") - c.at("cheapest").begin();
    return std::stod(c.at("cost").at(static_cast<std::size_t>(at)));
  };
  EXPECT_LE(cheapest(few), 1.2 * cheapest(all)) << outcome.text;
}

TEST_F(BudgetOfDesigns, LooksAroundInGridsThatAreTooLargeToBePriced) {
  const BudgetOutcome outcome = run(asking(
      "priced = 12\ncompare_random = false\nevaluations = 200\n",
      "[budget.design.choices]\n\"periphery.adc.bits\" = [3, 4, 5, 6, 7, 8]\n\"mapping.replicas\" "
      "= [1, 2, 3, 4]\n\"periphery.dac.bits\" = [4, 5, 6, 7, 8]\n"));
  EXPECT_NE(outcome.text.find("Of 120 combinations 12 were priced"), std::string::npos)
      << outcome.text;
  EXPECT_EQ(outcome.text.find("random designs"), std::string::npos);
}

TEST_F(BudgetOfDesigns, ManagesWithTheFewestEvaluations) {
  const std::string choices =
      "[budget.design.choices]\n\"periphery.adc.bits\" = [5, 6, 7]\n\"mapping.replicas\" = [1, "
      "2]\n";
  EXPECT_NE(run(asking("evaluations = 26\n", choices)).text.find("The search looked at 1 of them"),
            std::string::npos);
  EXPECT_NE(test::budget_error(asking("evaluations = 25\n", choices)).find("expected 26 at least"),
            std::string::npos);
}

TEST_F(BudgetOfDesigns, SaysWhenTheNetworkItselfMissesTheLimit) {
  Value root = asking("verify = 1\nevaluations = 40\n",
                      "[budget.design.choices]\n\"periphery.adc.bits\" = [7, 8]\n");
  root.set("budget.limit", {0.9999});
  const std::string text = run(root).text;
  EXPECT_NE(text.find("The network itself, without noise, does not reach the limit of 99.99 %"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("(limit 99.99 %, "), std::string::npos) << text;
}

// At the age that the file has, no device has drifted.
TEST_F(BudgetOfDesigns, PredictsAtTheLatestAge) {
  Value root =
      asking("times_s = [20.0, 86400.0]\nevaluations = 60\ncompare_random = false\nverify = 1\n",
             "[budget.design.choices]\n\"periphery.adc.bits\" = [4, 5, 6, 7]\n"
             "\"mapping.replicas\" = [1, 2]\n");
  root.set("device", parse_toml("model = \"pcm\"\n", "device.toml"));
  EXPECT_NE(run(root).text.find("predictions without noise"), std::string::npos);
  std::set<std::string> ages;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "evaluations"))
    if (entry.path().extension() == ".json") ages.insert(entry.path().stem().string());
  Experiment e = expand(root).front().experiment;
  std::size_t at_latest = 0;
  for (const std::int64_t bits : {4, 5, 6, 7})
    for (const std::int64_t replicas : {1, 2}) {
      const Experiment design =
          with_keys(e, {{"periphery.adc.bits", {bits}}, {"mapping.replicas", {replicas}}});
      Experiment priced = design;
      priced.cost.emplace();
      at_latest +=
          ages.contains(with_keys(priced, {{"device.time_s", {86400.0}}}).identity(Stage::draw));
    }
  EXPECT_GT(at_latest, 1u);
}

TEST_F(BudgetOfDesigns, SkipsWhatNoFileMayHave) {
  const BudgetOutcome outcome =
      run(asking("cost = { energy_nJ = 1.0, devices = 0.01 }\nshare = 0.5\nverify = 3\n",
                 "[budget.design.choices]\n\"periphery.adc.bits\" = [5, 99, 6]\nmapping = [{}, { "
                 "replicas = 2 }]\n"));
  EXPECT_NE(
      outcome.text.find("Of 6 combinations 4 were priced and 2 refused, the first: ADC bits = "
                        "99, mapping = {}: periphery.adc.bits: expected an integer in"),
      std::string::npos)
      << outcome.text;
  const Columns found = table("design.csv");
  for (std::size_t i = 0; i < found.at("cost").size(); ++i)
    EXPECT_NEAR(std::stod(found.at("cost")[i]),
                std::stod(found.at("energy_nJ")[i]) + 0.01 * std::stod(found.at("devices")[i]),
                1e-6);
}

// Encoding, range of conductance, bits at a time, columns per ADC and which layers are digital,
// each priced as the run of its file prices it. A digital layer has no devices: the first has 2
// x 84.
TEST_F(BudgetOfDesigns, OpensWhateverTheHardwareHas) {
  const std::string choices =
      "[budget.design.choices]\n\"mapping.encoding\" = [\"differential\", \"offset\"]\n"
      "\"mapping.digital\" = [[], [\"0\"]]\n\"device.g_max_S\" = [20e-6, 25e-6]\n"
      "\"periphery.dac.slice_bits\" = [1, 6]\n\"periphery.adc.columns_per_adc\" = [1, 4]\n";
  Value root = asking("cost = \"devices\"\nevaluations = 700\ncompare_random = false\nverify = 1\n",
                      choices);
  root.set("evaluation.calibration_images", {std::int64_t{16}});
  root.set("data.test_images", {std::int64_t{30}});
  const BudgetOutcome outcome = run(root);
  EXPECT_NE(outcome.text.find("Of 32 combinations 32 were priced. The search looked at 32"),
            std::string::npos)
      << outcome.text;
  EXPECT_NE(outcome.text.find("mapping.digital decides which layers are digital, and [cost] counts "
                              "nothing of digital work"),
            std::string::npos)
      << outcome.text;
  std::map<std::string, double> devices;
  std::istringstream lines(content("design_searched.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    devices[row.at("mapping.encoding").get<std::string>() +
            row.at("mapping.digital").get<std::string>()] = row.at("devices");
  }
  EXPECT_EQ(devices.size(), 4u);
  EXPECT_EQ(devices.at("differential[]") - devices.at("differential[\"0\"]"), 2 * 84);
  EXPECT_EQ(devices.at("offset[]") - devices.at("offset[\"0\"]"), 84);
}

TEST(BudgetOfDesignsRequests, ThatCannotBeAnsweredAreRefused) {
  const auto expect = [](const std::string& design, const std::string& choices,
                         const std::string& message) {
    const std::string error = test::budget_error(asking(design, choices));
    EXPECT_NE(error.find("waves.toml:"), std::string::npos) << error;
    EXPECT_NE(error.find(message), std::string::npos) << error;
  };
  const std::string in = "[budget.design.choices]\n";
  expect("", "", "budget.design.choices: nothing to choose from; expected keys with the values");
  expect("choices = 3\n", "", "budget.design.choices: expected a table of keys, each with the");
  expect("", in + "\"periphery.adc.bits\" = 5\n",
         "budget.design.choices.periphery.adc.bits: expected a list of values to choose from, got");
  expect("", in + "\"periphery.adc.bits\" = [5]\nperiphery.adc.bits = [6]\n", "is given twice");
  expect("", in + "\"train.epochs\" = [5]\n", "\"train.epochs\" is nothing of the hardware");
  expect("", in + "\"device.time_s\" = [5.0]\n",
         "device.time_s is an age, which design.times_s gives");
  expect("", in + "\"periphery.adc\" = [\"ideal\", { bits = 5 }]\n",
         "an ideal periphery.adc costs nothing, so that no design with one can be compared");
  expect("", in + "\"periphery.adc.bits\" = [5]\nperiphery = [{ adc = { bits = 6 } }]\n",
         "is set by two choices");
  expect("", in + "\"mapping.tyle\" = [[8, 8], [16, 16]]\n",
         "all 2 designs that were tried are refused, the first: ");
  expect("", in + "\"mapping.tyle\" = [[8, 8], [16, 16]]\n", "mapping.tyle: unknown key");
  expect("cost = \"price\"\n", kChoices,
         "budget.design.cost: expected \"energy\", \"latency\", \"area\", \"devices\", or weights");
  expect("cost = { energy = 1.0 }\n", kChoices, "budget.design.cost: expected");
  expect("cost = { energy_nJ = 0.0 }\n", kChoices, "budget.design.cost: expected");
  expect("evaluations = 15\n", kChoices,
         "budget.design.evaluations: 15 are too few: a quarter is for predictions and half of what "
         "is left for first looks, of which one takes 10 draws at 1 age; expected 26 at least");
  expect("", in + "\"periphery.adc.bits\" = [5, 6, 5]\n",
         "budget.design.choices.periphery.adc.bits: has 5 twice; expected every value once");
  expect("", in + "\"device.eta\" = [1, 0.5, 1.0]\n", "has 1.0 twice; expected every value once");
  expect("times_s = [60.0, 1.0, 60.0]\n", kChoices,
         "budget.design.times_s: has 60 twice; expected every age once");
  expect("", in + "device = [{ model = \"pcm\", time_s = 60.0 }, { model = \"awgn\" }]\n",
         "device has an age (time_s), which design.times_s gives");
  // ln(0.05 / 5) / ln(0.95) = 89.8.
  expect("share = 0.95\n", kChoices,
         "budget.design.verify_draws: 12 good chips of 12 cannot show that 95 % of all are, for "
         "each of 5 designs; expected 90 at least");
  expect("times_s = [0.0]\n", kChoices, "budget.design.times_s: expected");
}

TEST(DesignCommand, AnswersThisQuestionAlone) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "chip.toml";
  Value root = asking("compare_random = false\nverify = 1\nevaluations = 60\n",
                      "[budget.design.choices]\nperiphery.adc.bits = [6]\n");
  root.set("budget.yield.draws", {std::int64_t{3}});
  write_atomically(file, to_toml(root));
  const auto said =
      test::ohmic({"design", file.string(), "--out", (folder.path() / "run").string()});
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_NE(said.out.find("\nDesign\n"), std::string::npos) << said.out;
  EXPECT_EQ(said.out.find("\nYield\n"), std::string::npos) << said.out;
  root.table().find("budget")->table().erase("design");
  write_atomically(file, to_toml(root));
  const auto refused = test::ohmic({"design", file.string()});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("budget.design: is missing: `ohmic design` searches among what"),
            std::string::npos)
      << refused.err;
  root.set("design.cost", {std::string("area")});
  write_atomically(file, to_toml(root));
  const auto alone = test::ohmic({"design", file.string()});
  EXPECT_EQ(alone.status, 2);
  EXPECT_NE(alone.err.find("design: stands by itself; expected [budget.design], beside what"),
            std::string::npos)
      << alone.err;
}

}  // namespace
}  // namespace ohmic
