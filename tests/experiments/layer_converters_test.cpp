// [periphery.layers] in an experiment file: what layers' converters become, what is said of faults,
// and what a run, its cost and its tables make of it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/budget/sources.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/study/configure.hpp"
#include "experiments/study/words.hpp"
#include "tests/experiments/budget_run.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/experiments/read_text.hpp"

namespace ohmic {
namespace {

using test::points_of;
using test::read;

std::string faults_of(const std::string& text) {
  return test::error_of<ConfigError>([&] { read(text); });
}

int adc_bits(const Experiment& e, const std::string& layer) {
  return e.periphery.of(layer).adc->bits;
}

const std::string kConverters = "[periphery]\ndac = { bits = 8 }\nadc = { bits = 6 }\n";

TEST(LayerConverters, OverrideKeysOfTheConverters) {
  for (const char* header :
       {"[periphery.layers.\"layer1.0.conv1\"]\n", "[periphery.layers.layer1.0.conv1]\n"}) {
    const Experiment e = read(kConverters + header + "adc.bits = 4\ndac = { bits = 5 }\n");
    EXPECT_EQ(adc_bits(e, "layer1.0.conv1"), 4);
    EXPECT_EQ(e.periphery.of("layer1.0.conv1").dac->bits, 5);
    EXPECT_EQ(adc_bits(e, "layer1.0.conv2"), 6);
  }
}

TEST(LayerConverters, AreResolvedToAFileThatGivesThem) {
  const Experiment e = read(kConverters +
                            "[periphery.layers.\"layer1.*\"]\nadc.percentile = 99\n"
                            "[periphery.layers.layer1.0.conv1]\nadc.bits = 4\n");
  const std::string text = to_toml(e.resolved());
  EXPECT_NE(text.find("[periphery.layers.layer1.0.conv1.adc]\nbits = 4\n"), std::string::npos)
      << text;
  EXPECT_EQ(to_toml(read(text).resolved()), text);
  EXPECT_EQ(read(text).identity(), e.identity());
  EXPECT_EQ(e.periphery.of("layer1.0.conv1").adc->percentile, 99);
}

TEST(LayerConverters, CountForAPointAndNotForRanges) {
  const Experiment plain = read(kConverters),
                   own = read(kConverters + "[periphery.layers.conv1]\nadc.bits = 4\n"),
                   percentile =
                       read(kConverters + "[periphery.layers.conv1]\nadc.percentile = 99\n");
  EXPECT_NE(own.identity(), plain.identity());
  EXPECT_NE(own.part(Stage::cost).text(), plain.part(Stage::cost).text());
  EXPECT_EQ(own.part(Stage::ranges).text(), plain.part(Stage::ranges).text());
  EXPECT_NE(percentile.part(Stage::ranges).text(), plain.part(Stage::ranges).text());
  EXPECT_EQ(read(kConverters + "[periphery.layers]\n").identity(), plain.identity());
}

TEST(LayerConverters, AreSweptAndSetByTheirDottedKeys) {
  const std::string file = kConverters + "[periphery.layers.\"layer1.0.conv1\"]\nadc.bits = 4\n";
  const std::string key = "periphery.layers.layer1.0.conv1.adc.bits";
  const auto points = points_of(file + "[sweep]\n\"" + key + "\" = [5, 7]\n");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(adc_bits(points[1].experiment, "layer1.0.conv1"), 7);
  EXPECT_EQ(points[1].axes[0].second.text(), "7");
  EXPECT_EQ(key_words(key), "ADC bits of layer1.0.conv1");
  EXPECT_EQ(adc_bits(read(file, {key + "=9"}), "layer1.0.conv1"), 9);
  EXPECT_EQ(adc_bits(read(file, {"periphery.layers.linear.adc.bits=9"}), "linear"), 9);
  const Parameter* bits = parameter_of(read(file), key);
  ASSERT_TRUE(bits);
  EXPECT_EQ(bits->unit, "bit");
}

// However the file writes the layer's name, and whatever other layers stand before it.
TEST(LayerConverters, AreSetWhereTheFileHasThem) {
  const std::string key = "periphery.layers.layer1.0.conv1.adc.bits";
  for (const char* layers : {"[periphery.layers.layer1.0.conv2]\nadc.bits = 3\n"
                             "[periphery.layers.\"layer1.0.conv1\"]\nadc.bits = 4\n",
                             "[periphery.layers.\"layer1.0.conv1\"]\nadc.bits = 4\n"
                             "[periphery.layers.layer1.0.conv2]\nadc.bits = 3\n",
                             "[periphery.layers.layer1.0.conv1]\nadc.bits = 4\n"
                             "[periphery.layers.layer1.0.conv2]\nadc.bits = 3\n"}) {
    const std::string file = kConverters + layers;
    EXPECT_EQ(adc_bits(read(file, {key + "=9"}), "layer1.0.conv1"), 9) << layers;
    EXPECT_EQ(
        adc_bits(read(file, {"periphery.layers.\"layer1.0.conv1\".adc.bits=9"}), "layer1.0.conv1"),
        9)
        << layers;
    const auto points = points_of(file + "[sweep]\n\"" + key + "\" = [5, 7]\n");
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(adc_bits(points[1].experiment, "layer1.0.conv1"), 7) << layers;
    EXPECT_EQ(adc_bits(points[1].experiment, "layer1.0.conv2"), 3) << layers;
  }
}

TEST(LayerConverters, CountAlikeInAnyOrder) {
  const std::string layer = "[periphery.layers.conv1]\n";
  const Experiment one = read(kConverters + layer +
                              "adc.bits = 5\nadc.percentile = 99\n"
                              "dac.bits = 4\n"),
                   other = read(kConverters + layer +
                                "dac.bits = 4\nadc.percentile = 99\n"
                                "adc.bits = 5\n");
  EXPECT_EQ(one.identity(), other.identity());
}

TEST(LayerConverters, AreResolvedBesidePresetsOfTheSweep) {
  const std::string file = "[sweep]\npreset = [\"isaac-like\", \"ideal\"]\n";
  Value root = parse_toml(file, "study.toml");
  std::vector<Point> points = expand(root);
  points[1].experiment.periphery.layers["conv1"] = parse_toml("adc.bits = 5", "study.toml");
  EXPECT_FALSE(resolved_file(root, points).at("periphery"));
}

TEST(LayerConverters, OfOneCaseAreNotThoseOfTheOthers) {
  const std::string file = kConverters +
                           "[sweep]\ncase = [{ name = \"mixed\", periphery.layers.conv1.adc.bits = "
                           "8 }, { name = \"same\" }]\n";
  const auto points = points_of(file);
  EXPECT_EQ(adc_bits(points[0].experiment, "conv1"), 8);
  EXPECT_EQ(adc_bits(points[1].experiment, "conv1"), 6);
  const auto again = points_of(to_toml(resolved_file(parse_toml(file, "study.toml"), points)));
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].experiment.identity(), points[0].experiment.identity());
  EXPECT_EQ(again[1].experiment.identity(), points[1].experiment.identity());
}

TEST(LayerConverters, FaultsNameTheirPlace) {
  EXPECT_TRUE(faults_of(kConverters + "[periphery.layers.\"layer1.0.conv3\"]\nadc.bits = 5\n")
                  .starts_with("study.toml:4:19: error: periphery.layers.layer1.0.conv3: resnet20 "
                               "has no such crossbar layer; did you mean \"layer1.0.conv1\"? It "
                               "has conv1, layer1.0.conv1, "))
      << faults_of(kConverters + "[periphery.layers.\"layer1.0.conv3\"]\nadc.bits = 5\n");
  const std::string unnamed = faults_of(kConverters + "[periphery.layers.\"\"]\nadc.bits = 5\n");
  EXPECT_TRUE(
      unnamed.starts_with("study.toml:4:19: error: periphery.layers: \"\" is no layer's name"))
      << unnamed;
  EXPECT_EQ(faults_of(kConverters + "[periphery.layers.linear]\nadc.bit = 5\n"),
            "study.toml:5:5: error: periphery.layers.linear.adc.bit: unknown key; did you mean "
            "\"bits\"?");
  EXPECT_EQ(
      faults_of(kConverters + "[periphery.layers.linear]\nwires.row_ohm = 5\n"),
      "study.toml:5:7: error: periphery.layers.linear.wires.row_ohm: unknown key; known here: "
      "dac, adc; it is a key of [periphery.wires]");
  EXPECT_EQ(faults_of(kConverters + "[periphery.layers.linear]\nadc = \"ideal\"\n"),
            "study.toml:5:7: error: periphery.layers.linear.adc: expected keys of [periphery.adc], "
            "as in bits = 6 (converters are ideal in all layers or in none), got \"ideal\"");
  EXPECT_EQ(faults_of("[periphery]\nadc = { bits = 6 }\n[periphery.layers.linear]\ndac.bits = 5\n"),
            "study.toml:3:19: error: periphery.layers.linear.dac: has no effect on ideal "
            "converters; expected periphery.dac = { ... } beside it, for all layers");
  EXPECT_NE(faults_of(kConverters + "[periphery.layers.\"layer1.*\"]\nadc.bits = 5\n"
                                    "[periphery.layers.\"*.conv1\"]\nadc.bits = 5\n")
                .find("periphery.layers.*.conv1: fits layer1.0.conv1, and so does \"layer1.*\""),
            std::string::npos);
  EXPECT_EQ(faults_of(kConverters + "[periphery.layers.linear]\nadc.bits = 5\n"
                                    "[periphery.layers.\"linear\"]\nadc.bits = 6\n")
                .find("study.toml:6:"),
            0u);
  EXPECT_EQ(faults_of(kConverters + "[periphery.layers]\nbits = 5\n"),
            "study.toml:4:1: error: periphery.layers: expected a table for each layer, by its "
            "name, got { bits = 5 }");
}

TEST(LayerConverters, OfDigitalLayersAreRefusedWithTheReason) {
  Value root = test::waves(
      "[periphery]\ndac = { bits = 6 }\nadc = { bits = 6 }\n[periphery.layers.fc]\nadc.bits = 5\n");
  const Graph graph = expand(test::waves("eta = 0.1\n")).front().experiment.graph();
  const std::vector<std::string> layers = crossbar_layers(graph);
  ASSERT_GT(layers.size(), 1u);
  root.table().find("periphery")->table().erase("layers");
  root.set("periphery.layers." + layers.back() + ".adc.bits", {std::int64_t{5}});
  root.set("mapping.digital", {Array{{layers.back()}}});
  const std::string error = test::error_of<ConfigError>([&] { expand(root); });
  EXPECT_NE(error.find("periphery.layers." + layers.back() +
                       ": is digital (mapping.digital names it), without devices and converters: "),
            std::string::npos)
      << error;
}

TEST(LayerConverters, AreSwitchedOffWithAllOthers) {
  const Experiment e = read(kConverters +
                            "[periphery.layers.conv1]\nadc.bits = 4\ndac.bits = 4\n"
                            "[device]\nmodel = \"awgn\"\neta = 0.1\n");
  std::size_t switched = 0;
  KeyValues all;
  for (const Source& source : sources_of(e)) {
    if (source.name != "adc" && source.name != "dac") continue;
    const Experiment off = with_keys(e, source.off);
    EXPECT_EQ(source.name == "adc", !off.periphery.adc);
    all.insert(all.end(), source.off.begin(), source.off.end());
    ++switched;
  }
  EXPECT_EQ(switched, 2u);
  EXPECT_FALSE(with_keys(e, all).periphery.needs_ranges());
}

class LayerConvertersRun : public test::BudgetRun {
 protected:
  /// The small network with converters; `own` goes on behind them.
  static Value chip(int bits, const std::string& own, const std::string& more = "") {
    return test::waves(
        "eta = 0.1\n[periphery]\ndac = { bits = 6 }\nadc = { bits = " + std::to_string(bits) +
        " }\n" + own + "[cost]\n[evaluation]\ndraws = 3\ncalibration_images = 20\n" + more);
  }
  static std::vector<std::string> layers() {
    return crossbar_layers(expand(chip(6, "")).front().experiment.graph());
  }
  std::string run_file(const Value& root, const std::string& name, const std::string& file) const {
    RunOptions options;
    options.folder = folder_ / name;
    run_experiment(root, options);
    return read_whole(options.folder / file);
  }
};

TEST_F(LayerConvertersRun, OfAllLayersGiveTheResultsOfOneNumberForAll) {
  std::string own;
  for (const std::string& layer : layers())
    own += "[periphery.layers.\"" + layer + "\"]\nadc.bits = 5\n";
  const auto same = test::columns_of(run_file(chip(5, ""), "same", "results.csv")),
             each = test::columns_of(run_file(chip(9, own), "each", "results.csv"));
  for (const auto& [column, cells] : same)
    if (column != "identity") {
      EXPECT_EQ(each.at(column), cells) << column;
    }
}

TEST_F(LayerConvertersRun, AreInTheTablesOfLayersAndEachPaysForItsOwn) {
  const std::string layer = layers().front();
  const std::string own = "[periphery.layers.\"" + layer + "\"]\nadc.bits = 8\ndac.bits = 4\n";
  const Value mixed = chip(6, own);
  const auto results = run_file(mixed, "mixed", "layers.csv");
  const auto told = test::columns_of(results),
             plain = test::columns_of(run_file(chip(6, ""), "plain", "layers.csv"));
  EXPECT_FALSE(plain.contains("adc_bits"));
  std::map<std::string, std::string> adc, dac;
  for (std::size_t i = 0; i < told.at("layer").size(); ++i) {
    adc[told.at("layer")[i]] = told.at("adc_bits")[i];
    dac[told.at("layer")[i]] = told.at("dac_bits")[i];
  }
  for (const std::string& name : layers()) {
    EXPECT_EQ(adc.at(name), name == layer ? "8" : "6");
    EXPECT_EQ(dac.at(name), name == layer ? "4" : "6");
  }
  const auto cost = [&](const Value& root, const std::string& name) {
    return test::columns_of(run_file(root, name, "cost.csv"));
  };
  const std::string everywhere = "[periphery.layers.\"*\"]\nadc.bits = 8\ndac.bits = 4\n";
  const auto mine = cost(mixed, "mixed"), low = cost(chip(6, ""), "plain"),
             high = cost(chip(6, everywhere), "high");
  EXPECT_FALSE(low.contains("adc_bits"));
  // Where all layers have the same they have keys of their own, as in layers.csv; at the end of
  // both.
  EXPECT_TRUE(high.contains("adc_bits"));
  EXPECT_TRUE(
      test::columns_of(run_file(chip(6, everywhere), "high", "layers.csv")).contains("adc_bits"));
  for (const char* file : {"layers.csv", "cost.csv"}) {
    const std::string csv = run_file(mixed, "mixed", file), header = csv.substr(0, csv.find('\n'));
    EXPECT_TRUE(header.ends_with(",dac_bits,adc_bits")) << header;
  }
  ASSERT_TRUE(mine.contains("adc_bits"));
  for (std::size_t i = 0; i + 1 < mine.at("layer").size(); ++i) {
    const bool is_own = mine.at("layer")[i] == layer;
    for (const char* column : {"energy_nJ", "area_mm2", "latency_us", "energy_adc_nJ"})
      EXPECT_EQ(mine.at(column)[i], (is_own ? high : low).at(column)[i]) << column;
    EXPECT_EQ(mine.at("adc_bits")[i], is_own ? "8" : "6");
    if (is_own) {
      EXPECT_GT(std::stod(mine.at("energy_nJ")[i]), std::stod(low.at("energy_nJ")[i]));
    }
  }
}

}  // namespace
}  // namespace ohmic
