// [budget.design]: designs of real chips against sweeps that are run by themselves.
#include "experiments/budget/design.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "experiments/report/budget/answers.hpp"
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

// Numbers of tables are numbers of files, over all answers.
TEST_F(BudgetOfDesigns, HaveFilesUnderTheirNumbers) {
  Value root = asking("compare_random = false\n");
  root.set("budget.max_drop", *parse_toml("both = [3.0, 1.0]\n", "both").at("both"));
  const BudgetOutcome outcome = run(root);
  const Columns found = table("design.csv");
  std::size_t files = 0, without = 0;
  for (std::size_t i = 0; i < found.at("design").size(); ++i) {
    EXPECT_EQ(found.at("design")[i], std::to_string(i + 1));
    const std::string& file = found.at("file")[i];
    (file.empty() ? without : files) += 1;
    if (!file.empty()) {
      EXPECT_EQ(file, "design_" + found.at("design")[i] + ".toml");
      EXPECT_TRUE(std::filesystem::exists(folder_ / file)) << file;
    }
  }
  EXPECT_GT(files, 0u);
  // Each answer's notes say of which it is.
  for (const char* drop : {", loss of at most 3 points: ", ", loss of at most 1 point: "})
    EXPECT_NE(outcome.text.find(drop), std::string::npos) << outcome.text;
}

// Another question leaves the files of the first alone, as it does those of a run without its file.
TEST_F(BudgetOfDesigns, NeverWriteOverFilesOfAnotherQuestion) {
  const auto files = [&](const std::string& of) {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      const bool is_later = name.find("_question_") != std::string::npos;
      if (name.starts_with("design_") && name.ends_with(".toml") &&
          (of.empty() ? !is_later : name.find(of) != std::string::npos))
        all[name] = content(name);
    }
    return all;
  };
  const std::string choices =
      "[budget.design.choices]\n\"periphery.adc.bits\" = [5, 6]\n\"mapping.tile\" = [[16, 16], "
      "[64, 64]]\n";
  const Value energy = asking("compare_random = false\n", choices),
              area = asking("compare_random = false\ncost = \"area\"\n", choices);
  EXPECT_EQ(run(energy).text.find("another question"), std::string::npos);
  const auto first = files("");
  ASSERT_FALSE(first.empty());
  const BudgetOutcome second = run(area);
  EXPECT_NE(second.text.find("The folder has designs of another question already, which stay as "
                             "they are; files of these have _question_2 in their names."),
            std::string::npos)
      << second.text;
  EXPECT_EQ(files(""), first);
  const auto seconds = files("_question_2");
  EXPECT_FALSE(seconds.empty());
  std::istringstream rows(content("design.jsonl"));
  for (std::string line; std::getline(rows, line);) {
    const auto row = nlohmann::json::parse(line);
    if (row.at("file") != "") {
      EXPECT_EQ(row.at("file"),
                "design_" + std::to_string(row.at("design").get<int>()) + "_question_2.toml");
    }
  }
  // Both find their own again.
  run(energy);
  EXPECT_EQ(files(""), first);
  run(area);
  EXPECT_EQ(files("_question_2"), seconds);
  EXPECT_TRUE(files("_question_3").empty());
  // What somebody changed is not overwritten either.
  const std::string mine = first.begin()->second + "# mine\n";
  write_atomically(folder_ / first.begin()->first, mine);
  run(energy);
  EXPECT_EQ(content(first.begin()->first), mine);
  EXPECT_FALSE(files("_question_3").empty());
}

/// Answers of made-up chips, as the report shows them.
class DesignReport : public ::testing::Test {
 protected:
  DesignReport() {
    found_.asked.limit = 0.9;
    found_.asked.confidence = request_.settings.confidence;
    found_.allowance.change = 3;
    found_.designs = {{0, {}, 1.0}, {1, {}, 1.0}};
  }
  /// Chips of each design, both looked at and verified.
  AnalysisResult result(const std::vector<std::vector<double>>& chips) {
    const auto measure = [&](std::size_t design, std::int64_t) {
      Replicates all{{1.0}, {}, 0.0};
      for (const double value : chips[design]) all.values.push_back({value});
      return AgedChips{all};
    };
    std::vector<double> costs;
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < chips.size(); ++i) {
      costs.push_back(found_.designs[i].cost);
      all.push_back(i);
      found_.race.runners.push_back({i, measure(i, 0), judge(measure(i, 0), found_.asked, 0.05)});
    }
    found_.verified = verify_designs(all, costs, found_.asked, measure);
    found_.files.assign(found_.verified.size(), "");
    if (by_chance_) {
      RandomComparison random{found_.space, found_.designs, {}, by_chance_};
      random.found.looked_at = by_chance_;
      random.found.spent = 10;
      random.found.verified = verify_designs({0}, costs, found_.asked, measure);
      found_.random = random;
    }
    return design_result({found_}, request_.settings);
  }
  static std::string notes(const AnalysisResult& result) {
    std::string text;
    for (const std::string& note : result.notes) text += note + "\n";
    return text;
  }

  const BudgetRequest request_ = read_budget(asking("", kChoices));
  FoundDesigns found_{
      &request_.points.front(), {}, 0.95, DesignSpace(request_.settings.design->choices)};
  std::size_t by_chance_ = 0;
};

std::vector<double> good_chips(int good, int bad) {
  std::vector<double> chips(static_cast<std::size_t>(good), 0.93);
  chips.insert(chips.end(), static_cast<std::size_t>(bad), 0.88);
  return chips;
}

TEST_F(DesignReport, IsOfGoodChipsWhereAShareIsAsked) {
  found_.asked.share = 0.8;
  const AnalysisResult share = result({good_chips(30, 20), good_chips(50, 0)});
  const std::string& script = share.figures.front().script;
  EXPECT_NE(script.find("good chips (%)"), std::string::npos) << script;
  EXPECT_NE(script.find("asked"), std::string::npos) << script;
  EXPECT_EQ(script.find("accuracy (%)"), std::string::npos) << script;
  EXPECT_EQ(script.find("without noise"), std::string::npos) << script;
  EXPECT_NE(share.tables.front().caption.find("80 % of the chips"), std::string::npos)
      << share.tables.front().caption;
}

TEST_F(DesignReport, SaysWhatCanStillHelp) {
  const std::string failed = notes(result({good_chips(0, 50), good_chips(1, 49)}));
  EXPECT_EQ(failed.find("verify_draws"), std::string::npos) << failed;
  EXPECT_NE(failed.find("All that were verified are shown to fail on fresh draws; more evaluations "
                        "or other choices"),
            std::string::npos)
      << failed;
}

TEST_F(DesignReport, ComparesTheAnswerWithTheDearest) {
  const std::string same = notes(result({good_chips(50, 0), good_chips(50, 0)}));
  EXPECT_NE(same.find("1 nJ; no other of the choices costs more."), std::string::npos) << same;
  found_.race.runners.clear();
  found_.designs[1].cost = 1.5;
  const std::string more = notes(result({good_chips(50, 0), good_chips(50, 0)}));
  EXPECT_NE(more.find("1 nJ; the dearest of the choices takes 1.5 times as much."),
            std::string::npos)
      << more;
}

// 45 of 50 chips are good: P(Bin(50, 0.8) >= 45) = 0.048, less than 5 % and more than half of it.
TEST_F(DesignReport, SaysWhyRandomDesignsMayFindWhatTheTableLeavesOpen) {
  found_.asked.share = 0.8;
  by_chance_ = 1;
  const std::string said = notes(result({good_chips(45, 5), good_chips(0, 50)}));
  EXPECT_NE(said.find("1 random design, all that there are, a first look (10 draws; the search "
                      "took 0), finds "),
            std::string::npos)
      << said;
  EXPECT_NE(said.find(". That is design 1 of the table, on the same draws: there 2 designs share "
                      "the error, 2.5 % each, here it is alone with 5 %.\n"),
            std::string::npos)
      << said;
}

// What a table and "ideal" set in one choice is one key's.
TEST_F(BudgetOfDesigns, TakeIdealPartsBesideTables) {
  const auto searched = [&](const std::string& choice) {
    run(asking("compare_random = false\nverify = 1\n",
               "[budget.design.choices]\nperiphery.adc.bits = [6, 7]\n" + choice));
    const Columns designs = table("design_searched.csv");
    return designs.at("cost").size();
  };
  EXPECT_EQ(searched("\"periphery.output_noise\" = [\"ideal\", { relative = 0.01 }]\n"), 4u);
  EXPECT_EQ(test::budget_error(
                asking("",
                       "[budget.design.choices]\nperiphery = [{}, { output_noise = \"ideal\" }, { "
                       "output_noise = { relative = 0.02 } }]\n")),
            "");
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
  expect("", in + "\"device.model\" = [\"pcm\", \"awgn\"]\n",
         "device.model alone would leave the keys of the file's model to another one; expected "
         "whole tables, as device = [{ model = \"pcm\" }, { model = \"awgn\", eta = 0.1 }]");
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
