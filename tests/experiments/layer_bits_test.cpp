// [budget.design] layer_adc_bits: the ladder of marginal analysis against brute force, and designs
// of a real chip against runs of their own.
#include "experiments/budget/layer_bits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "experiments/budget/design_space.hpp"
#include "experiments/study/configure.hpp"
#include "nn/analog/layer_devices.hpp"
#include "simulator/random/noise.hpp"
#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

using Columns = std::map<std::string, std::vector<std::string>>;

double sum_of(const std::vector<std::vector<double>>& by_layer, const Rung& rung) {
  double sum = 0;
  for (std::size_t l = 0; l < rung.size(); ++l) sum += by_layer[l][rung[l]];
  return sum;
}

/// Every way to give layers one of the bits.
std::vector<Rung> all_rungs(const LayerBits& study) {
  std::vector<Rung> all{{}};
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    std::vector<Rung> longer;
    for (const Rung& rung : all)
      for (std::size_t at = 0; at < study.bits.size(); ++at) {
        longer.push_back(rung);
        longer.back().push_back(at);
      }
    all = std::move(longer);
  }
  return all;
}

/// Errors that fall and costs that rise with the bits, at random.
LayerBits random_study(std::uint64_t seed) {
  LayerBits study{{3, 4, 5, 6}, {"a", "b", "c", "d"}, {}, {}};
  std::vector<float> u(64);
  fill_uniforms(noise_key(seed, 0), {Stream::synthetic_data}, 0, std::span<float>(u));
  std::size_t next = 0;
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    std::vector<double> error(4, 0.0), cost(4, 0.0);
    for (std::size_t i = 3; i-- > 0;) error[i] = error[i + 1] + std::exp(6 * u[next++]);
    for (std::size_t i = 1; i < 4; ++i) cost[i] = cost[i - 1] + std::exp(4 * u[next++]);
    study.error.push_back(error);
    study.cost.push_back(cost);
  }
  return study;
}

// 50 problems of 256 designs each.
TEST(MarginalLadder, NoOtherBitsHaveLessErrorForACostOfARung) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const LayerBits study = random_study(seed);
    const std::vector<Rung> ladder = marginal_ladder(study), all = all_rungs(study);
    ASSERT_GT(ladder.size(), 4u);
    for (const Rung& rung : ladder) {
      const double cost = sum_of(study.cost, rung), error = sum_of(study.error, rung);
      for (const Rung& other : all)
        if (sum_of(study.cost, other) <= cost * (1 + 1e-12)) {
          EXPECT_GE(sum_of(study.error, other), error * (1 - 1e-12)) << seed;
        }
    }
    EXPECT_EQ(ladder.front(), Rung(4, 3));
    EXPECT_EQ(ladder.back(), Rung(4, 0));
  }
}

TEST(MarginalLadder, EndsWhereNothingIsSaved) {
  LayerBits study{{3, 4, 5}, {"a", "b"}, {{9, 1, 0}, {9, 1, 0}}, {{1, 1, 2}, {2, 2, 2}}};
  EXPECT_EQ(marginal_ladder(study), (std::vector<Rung>{{2, 2}, {1, 2}}));
}

/// Of every design of the choice.
std::vector<std::string> words_of(const LayerBits& study) {
  const DesignSpace space({layer_bits_choice(study)});
  std::vector<std::string> words;
  for (std::uint64_t i = 0; i < space.size(); ++i) words.push_back(layer_bits_words(space.keys(i)));
  return words;
}

TEST(LayerBitsChoice, HasTheSameBitsInAllLayersAndRungsUnderShortKeys) {
  const LayerBits study{
      {4, 6}, {"a", "b.c", "d"}, {{9, 0}, {1, 0}, {1, 0}}, {{0, 5}, {0, 6}, {0, 5}}};
  const DesignChoice choice = layer_bits_choice(study);
  EXPECT_EQ(choice.texts, (std::vector<std::string>{"4", "6", "6 4 6", "6 4 4"}));
  EXPECT_EQ(words_of(study),
            (std::vector<std::string>{"4", "6", "6 (but 4 in layer b.c)", "4 (but 6 in layer a)"}));
  EXPECT_EQ(choice.values[1].text(), Value(parse_toml("adc = { bits = 6 }", "")).text());
  EXPECT_EQ(choice.values[2].text(),
            Value(parse_toml("adc = { bits = 6 }\nlayers.b.c.adc.bits = 4", "")).text());
  EXPECT_EQ(choice.values[3].text(),
            Value(parse_toml("adc = { bits = 4 }\nlayers.a.adc.bits = 6", "")).text());
}

TEST(LayerBitsChoice, NamesFewLayersInSentences) {
  LayerBits study{{4, 5, 6}, {}, {}, {}};
  for (int l = 0; l < 15; ++l) {
    study.layers.push_back("l" + std::to_string(l));
    // The first eight do not save anything, six save 1, the last 2.
    study.error.push_back({9, 1, 0});
    study.cost.push_back(l < 8 ? std::vector{1.0, 1.0, 1.0}
                               : std::vector{1.0, l < 14 ? 1.0 : 1.5, 2.0});
  }
  EXPECT_EQ(words_of(study).back(),
            "6 (but 4 in layer l14; 5 in layers l8, l9, l10, l11 and 2 more)");
}

// 2000 layers: each of four numbers of bits 500 times, give or take 5 standard deviations of 19.4.
TEST(RandomBitsChoice, GivesEveryLayerBitsAtRandom) {
  LayerBits study{{3, 4, 5, 6}, {}, {}, {}};
  for (int l = 0; l < 200; ++l) study.layers.push_back("l" + std::to_string(l));
  const DesignChoice choice = random_bits_choice(study, 10, 7);
  ASSERT_EQ(choice.values.size(), 10u);
  std::map<std::string, int> count;
  for (const std::string& text : choice.texts) {
    std::istringstream bits(text);
    for (std::string one; bits >> one;) ++count[one];
  }
  ASSERT_EQ(count.size(), 4u);
  for (const auto& [bits, times] : count) EXPECT_NEAR(times, 500, 97) << bits;
  EXPECT_EQ(std::set(choice.texts.begin(), choice.texts.end()).size(), 10u);
  EXPECT_EQ(random_bits_choice(study, 10, 7).texts, choice.texts);
  EXPECT_NE(random_bits_choice(study, 10, 8).texts, choice.texts);
  // Keys give layers what the text says.
  const DesignSpace space({choice});
  std::istringstream bits(choice.texts[3]);
  for (const std::string& layer : study.layers) {
    std::string expected, own;
    bits >> expected;
    for (const auto& [key, value] : space.keys(3))
      if (key == adc_bits_key(layer) || (key == "periphery.adc.bits" && own.empty()))
        own = value.text();
    EXPECT_EQ(own, expected) << layer;
  }
}

Value asking(const std::string& design, const std::string& choices = "",
             const std::string& periphery = "") {
  return test::waves("eta = 0.1\n[periphery]\ndac = { bits = 6 }\nadc = { bits = 6 }\n" +
                     periphery + "[budget]\nmax_drop = 3\ndrop = \"points\"\nmax_draws = 30\n" +
                     "[budget.design]\nverify_draws = 12\n" + design + choices);
}

class BudgetOfLayerBits : public test::BudgetRun {};

TEST_F(BudgetOfLayerBits, AnswersWithFilesThatARunPricesAndMeasuresAlike) {
  const BudgetOutcome outcome = run(asking("layer_adc_bits = [7, 3, 5, 4, 6]\n"));
  const Columns found = table("design.csv"), layers = table("design_layers.csv");
  std::size_t compared = 0, named = 0;
  for (std::size_t i = 0; i < found.at("file").size(); ++i) {
    if (found.at("file")[i].empty()) continue;
    const Value file = read_toml(folder_ / found.at("file")[i]);
    const Columns rerun = test::columns_of(swept_csv(file));
    for (const std::string end : {"", "_lo", "_hi"})
      EXPECT_NEAR(std::stod(found.at("accuracy" + end)[i]),
                  std::stod(rerun.at("accuracy" + end)[0]), 1e-12);
    EXPECT_NEAR(std::stod(rerun.at("energy_nJ")[0]), std::stod(found.at("energy_nJ")[i]), 1e-6);
    // Costs of layers add up to what a design costs.
    const Experiment e = expand(file).front().experiment;
    double cost = 0;
    for (std::size_t l = 0; l < layers.at("layer").size(); ++l)
      if (e.periphery.of(layers.at("layer")[l]).adc->bits == std::stoi(layers.at("adc_bits")[l]))
        cost += std::stod(layers.at("cost")[l]);
    EXPECT_NEAR(cost, std::stod(found.at("cost")[i]), 1e-9 * cost);
    ++compared;
  }
  EXPECT_GT(compared, 0u);
  EXPECT_NE(outcome.text.find("With the same ADC bits in all layers"), std::string::npos)
      << outcome.text;
  // The answer is said with the layers' names, and layer by layer.
  EXPECT_NE(outcome.text.find("ADC bits, layers " + layers.at("layer").front() + " to " +
                              layers.at("layer").back()),
            std::string::npos)
      << outcome.text;
  ASSERT_NE(outcome.text.find("the cheapest that holds, layer by layer"), std::string::npos)
      << outcome.text;
  const Experiment answer =
      expand(
          read_toml(
              folder_ /
              found.at("file")[static_cast<std::size_t>(
                  std::ranges::find(found.at("cheapest"), "true") - found.at("cheapest").begin())]))
          .front()
          .experiment;
  const std::string rows = outcome.text.substr(outcome.text.find("layer by layer"));
  for (const std::string& name : crossbar_layers(answer.graph())) {
    std::istringstream row(rows);
    for (std::string line; std::getline(row, line);) {
      std::istringstream words(line);
      std::string first;
      int bits = 0;
      if (words >> first >> bits && first == name) {
        EXPECT_EQ(bits, answer.periphery.of(name).adc->bits) << line;
        ++named;
      }
    }
  }
  EXPECT_EQ(named, crossbar_layers(answer.graph()).size()) << rows;
  // Errors fall with the bits, and are those of a run with the layer's ADC alone.
  const std::string& layer = layers.at("layer").front();
  Value alone = asking("", "", "[periphery.layers.\"" + layer + "\"]\nadc.bits = 3\n");
  alone.table().erase("budget");
  alone.set("periphery.adc.bits", {std::int64_t{7}});
  alone.set("evaluation.metric", {std::string("mse")});
  alone.set("evaluation.against", {std::string("answers")});
  alone.set("evaluation.draws", {std::int64_t{2}});
  Value without = alone;
  without.table().find("periphery")->table().erase("layers");
  const auto noise_free = [&](const Value& root) {
    return std::stod(test::columns_of(swept_csv(root)).at("noise_free")[0]);
  };
  EXPECT_EQ(layers.at("adc_bits")[0], "3");
  EXPECT_EQ(layers.at("seen_share")[0], "1");
  EXPECT_EQ(layers.at("seen_share")[4], "");  // of the most bits
  EXPECT_NEAR(std::stod(layers.at("output_mse")[0]), noise_free(alone) - noise_free(without),
              1e-6 * noise_free(alone));
}

// Random designs are of all ways to give layers bits, not of the ladder's: with more of them than
// the ladder and uniform bits have, they are still priced and looked at.
TEST_F(BudgetOfLayerBits, AreSetBesideRandomBitsOfAllLayers) {
  const std::string bits = "layer_adc_bits = [3, 4, 5, 6, 7]\nevaluations = 200\n",
                    choices = "[budget.design.choices]\n\"mapping.replicas\" = [1, 2]\n";
  Value root = asking(bits, choices);
  root.set("evaluation.calibration_images", {std::int64_t{16}});
  const BudgetOutcome outcome = run(root);
  const Columns searched = table("design_searched.csv"), layers = table("design_layers.csv");
  const std::int64_t studied = std::ssize(layers.at("layer")) / 5 * 4 + 1;
  std::int64_t drawn = 0;
  for (const std::string& draws : searched.at("draws")) drawn += std::stoi(draws);
  const std::size_t at = outcome.text.find(" random designs, bits at random in every layer, a");
  ASSERT_NE(at, std::string::npos) << outcome.text;
  int designs = 0, said = 0, searched_with = 0, predicted = 0, measured = 0;
  ASSERT_EQ(std::sscanf(outcome.text.c_str() + outcome.text.rfind('\n', at) + 1,
                        "%d random designs, bits at random in every layer, a first look each (%d "
                        "draws; the search took %d and %d predictions and %d measurements",
                        &designs, &said, &searched_with, &predicted, &measured),
            5)
      << outcome.text;
  EXPECT_EQ(designs, said / 10);
  EXPECT_EQ(searched_with, drawn);
  EXPECT_EQ(measured, studied);
  EXPECT_LE(said, drawn + predicted + measured);
  EXPECT_GT(said, drawn + predicted + measured - 10);
}

TEST_F(BudgetOfLayerBits, SaysWhichBitsCostAsMuchAsMore) {
  const std::string said = "ADCs of 2, 3 bits cost as much here as ADCs of 4: fewer save nothing.";
  const std::string few = run(asking("layer_adc_bits = [2, 3, 4, 5]\n")).text;
  EXPECT_NE(few.find(said), std::string::npos) << few;
  const std::string more = run(asking("layer_adc_bits = [4, 5]\n")).text;
  EXPECT_EQ(more.find("fewer save nothing"), std::string::npos) << more;
}

// A design with other replicas than the file's: what its layers cost is what it costs.
TEST_F(BudgetOfLayerBits, ShowTheCostsOfTheAnswerLayerByLayer) {
  run(asking("layer_adc_bits = [5, 6]\ncost = \"devices\"\ncompare_random = false\n",
             "[budget.design.choices]\n\"mapping.replicas\" = [2, 4]\n"));
  const Columns found = table("design.csv");
  const auto answer =
      std::ranges::find(found.at("cheapest"), "true") - found.at("cheapest").begin();
  ASSERT_LT(answer, std::ssize(found.at("cheapest")));
  std::istringstream page(content("budget.md"));
  double sum = 0;
  int layers = 0;
  bool is_there = false;
  for (std::string line; std::getline(page, line);) {
    if (line.find("layer by layer") != std::string::npos) is_there = true;
    if (is_there && line.starts_with("#")) break;
    if (!is_there || !line.starts_with("| ") || line.starts_with("| -") ||
        line.starts_with("| layer"))
      continue;
    line.resize(line.rfind('|'));
    sum += std::stod(line.substr(line.rfind('|') + 1));
    if (++layers == 4) break;
  }
  EXPECT_GT(layers, 1);
  EXPECT_DOUBLE_EQ(sum, std::stod(found.at("cost")[static_cast<std::size_t>(answer)]));
}

TEST_F(BudgetOfLayerBits, GoesOnWhereItWasAndSharesEvaluationsOfUniformBits) {
  const std::string bits = "layer_adc_bits = [4, 5, 6]\n";
  run(asking(bits));
  const auto all = [&] {
    return content("design.csv") + content("design_searched.csv") + content("design_layers.csv") +
           content("budget.md");
  };
  const std::string first = all();
  EXPECT_EQ(run(asking(bits)).new_draws, 0);
  EXPECT_EQ(all(), first);
  EXPECT_EQ(run(parse_toml(content("resolved.toml"), "resolved.toml")).new_draws, 0);
  EXPECT_EQ(all(), first);
  // What was measured of the same bits in all layers is there for who asks for these alone.
  const Columns mixed = table("design_searched.csv");
  run(asking("", "[budget.design.choices]\n\"periphery.adc.bits\" = [4, 5, 6]\n"));
  const Columns same = table("design_searched.csv");
  for (std::size_t i = 0; i < same.at("cost").size(); ++i) {
    const auto at = std::ranges::find(mixed.at("layer_adc_bits"), same.at("periphery.adc.bits")[i]);
    ASSERT_NE(at, mixed.at("layer_adc_bits").end());
    const auto j = static_cast<std::size_t>(at - mixed.at("layer_adc_bits").begin());
    EXPECT_EQ(same.at("cost")[i], mixed.at("cost")[j]);
    if (same.at("draws")[i] == mixed.at("draws")[j]) {
      EXPECT_EQ(same.at("accuracy")[i], mixed.at("accuracy")[j]);
    }
  }
}

TEST_F(BudgetOfLayerBits, AreNoRunNorADryOne) {
  const std::string design =
                        "budget: is not for `ohmic run`; `ohmic design` answers what "
                        "[budget.design] asks",
                    budget =
                        "budget: is not for `ohmic run`; `ohmic budget` answers what this "
                        "file asks";
  RunOptions options;
  options.folder = folder_ / "none";
  Value root = asking("layer_adc_bits = [4, 6]\n");
  for (const std::string& expected : {design, budget}) {
    const std::string run = test::error_of<ConfigError>([&] { run_experiment(root, options); }),
                      dry = test::error_of<ConfigError>([&] { dry_run(root, options); });
    EXPECT_NE(run.find(expected), std::string::npos) << run;
    EXPECT_EQ(dry, run);
    root.table().find("budget")->table().erase("design");
  }
}

TEST(BudgetOfLayerBitsRequests, ThatCannotBeAnsweredAreRefused) {
  const auto expect = [](const Value& root, const std::string& message) {
    const std::string error = test::budget_error(root);
    EXPECT_NE(error.find("budget.design.layer_adc_bits: " + message), std::string::npos) << error;
  };
  const std::string bits = "layer_adc_bits = [4, 6]\n", in = "[budget.design.choices]\n";
  expect(asking("layer_adc_bits = [4]\n"),
         "expected two numbers of bits or more, each once, got [4]");
  expect(asking("layer_adc_bits = [4, 5, 4]\n"),
         "expected two numbers of bits or more, each once, got [4, 5, 4]");
  expect(asking("layer_adc_bits = [4, 17]\n"), "expected a list of integers in [1, 16]");
  expect(asking(bits, in + "\"periphery.adc.bits\" = [4, 5]\n"),
         "chooses the bits of every layer's ADC, and so does the choice periphery.adc.bits");
  expect(asking(bits, in + "\"mapping.digital\" = [[], [\"a\"]]\n"),
         "chooses the bits of every layer's ADC, and so does the choice mapping.digital");
  expect(asking(bits, "", "[periphery.layers.\"*\"]\nadc.bits = 5\n"),
         "chooses what [periphery.layers] gives; expected one of them");
  const std::string none = test::budget_error(asking("layer_adc_bits = []\n"));
  EXPECT_NE(none.find("[4, 6, 8] }, or budget.design.layer_adc_bits = [4, 6, 8], of which"),
            std::string::npos)
      << none;
  Value ideal = asking(bits);
  ideal.set("periphery.adc", {std::string("ideal")});
  expect(ideal, "is of ADCs, and they are ideal; expected periphery.adc");
}

}  // namespace
}  // namespace ohmic
