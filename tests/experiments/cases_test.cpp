// Named cases of a sweep: what they set, what is said beside the first of them, what is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/experiment_file.hpp"
#include "experiments/study/selection.hpp"
#include "experiments/study/words.hpp"
#include "tests/experiments/budget_run.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ohmic;
using test::Result;

const std::string kBase = R"(
[data]
name = "synthetic"
train_images = 96
test_images = 40
[model]
name = "resnet8"
width = 2
[train]
epochs = 1
augment = false
[device]
model = "awgn"
eta = 0.2
[evaluation]
draws = 4
[compute]
device = "cpu"
threads = 1
[cost]
[output]
figures = false
)";

std::vector<Point> points_of(const std::string& sweep) {
  return expand(parse_toml(kBase + "[sweep]\n" + sweep, "study.toml"));
}

std::string refusal(const std::string& sweep) {
  return test::error_of<ConfigError>([&] { points_of(sweep); });
}

std::string without_cost() {
  std::string base = kBase;
  return base.erase(base.find("[cost]\n"), 7);
}

/// `ohmic run` of such a study.
class CasesRun : public testing::Test {
 protected:
  Result run(const std::string& sweep, const std::vector<std::string>& more = {}) {
    const std::string file = folder_.write("study.toml", kBase + "[sweep]\n" + sweep);
    std::vector<std::string> words{"run", file, "--out", at()};
    words.insert(words.end(), more.begin(), more.end());
    return ohmic(words);
  }
  std::string at() const { return folder_.path() / "run"; }
  RecordedTable table(const std::string& name) const { return RecordedTable(at() + "/" + name); }

  const test::TemporaryFolder folder_;
};

TEST(Cases, SetKeysOfAnyTableUnderTheirNames) {
  const auto points = points_of(
      "case = [{ name = \"as written\" },\n"
      "        { name = \"all\", mapping = { replicas = 3 }, device = { clip = \"range\" }, seed = "
      "7 }]\n"
      "device.eta = [0.1, 0.2]\n");
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[0].experiment.mapping.replicas, 1);
  EXPECT_EQ(points[0].experiment.seed, 1u);
  EXPECT_EQ(points[3].experiment.mapping.replicas, 3);
  EXPECT_EQ(points[3].experiment.seed, 7u);
  EXPECT_EQ(points[3].experiment.named_case, "all");
  EXPECT_EQ(axes_words(text_axes(points[3])), "all, noise η = 0.2");
  ASSERT_EQ(points[3].axes.size(), 2u);
  EXPECT_EQ(points[3].axes[0].first, "case");
}

// A name changes no number, so points are found again under another.
TEST(Cases, NamesAreNoPartOfAnIdentity) {
  const auto one = points_of("case = [{ name = \"a\", mapping = { replicas = 2 } }]\n");
  const auto other = points_of("case = [{ name = \"b\", mapping = { replicas = 2 } }]\n");
  EXPECT_EQ(one[0].experiment.identity(), other[0].experiment.identity());
}

TEST(Cases, WhatTheyMeanIsReadAgainFromResolvedToml) {
  const std::string sweep =
      "case = [{ name = \"a\" }, { name = \"b\", mapping = { replicas = 2 } }]\n";
  const Value root = parse_toml(kBase + "[sweep]\n" + sweep, "study.toml");
  const Value resolved = resolved_sweep(root), given = parse_toml(sweep, "s.toml");
  ASSERT_TRUE(resolved.at("case"));
  EXPECT_EQ(resolved.at("case")->text(), given.at("case")->text());
}

TEST(Cases, ThatHaveNoNameOrOneTwiceAreRefused) {
  const std::string nameless = refusal("case = [{ mapping = { replicas = 2 } }]\n");
  EXPECT_TRUE(
      nameless.starts_with("study.toml:24:9: error: sweep.case: expected tables with a name"))
      << nameless;
  EXPECT_NE(refusal("case = [\"a\", \"b\"]\n").find("expected tables with a name"),
            std::string::npos);
  EXPECT_NE(refusal("case = [{ name = \"a\" }, { name = \"a\", seed = 2 }]\n")
                .find("two cases have the name \"a\""),
            std::string::npos);
  EXPECT_NE(refusal("case = [{ name = \"a\", maping = { replicas = 2 } }]\n").find("mapping"),
            std::string::npos);
  EXPECT_NE(refusal("case = [{ name = \"a\", device = { eta = 0.1 } }]\ndevice.eta = [0.1]\n")
                .find("device.eta"),
            std::string::npos);
}

TEST(Cases, CannotBeToldApartByWhatChangesNothingNorBySet) {
  EXPECT_NE(refusal("case = [{ name = \"a\", output = { dir = \"x\" } }]\n")
                .find("output.dir cannot be of a case"),
            std::string::npos);
  Value root = parse_toml(
      kBase + "[sweep]\ncase = [{ name = \"two\", mapping = { replicas = 2 } }]\n", "study.toml");
  apply_override(root, "mapping.replicas=3");
  const std::string pinned = test::error_of<ConfigError>([&] { expand(root); });
  EXPECT_NE(pinned.find("is what the case \"two\" sets"), std::string::npos) << pinned;
  apply_override(root, "case=two");
  EXPECT_EQ(expand(root).front().experiment.mapping.replicas, 3);
}

TEST(Cases, HaveNamesOnOneLineThatAreShownAsTheyAre) {
  EXPECT_NE(refusal("case = [{ name = \"a\\nb\" }]\n").find("expected a name on one line"),
            std::string::npos);
  EXPECT_NE(refusal("case = [{ name = \"" + std::string(101, 'x') + "\" }]\n").find("at most 100"),
            std::string::npos);
  EXPECT_NE(refusal("case = [{ name = \"a\", case = \"b\" }]\n").find("case cannot be of a case"),
            std::string::npos);
  for (const std::string name : {"true", "0.50", "007"}) {
    EXPECT_EQ(value_words("case", name), name);
    EXPECT_EQ(setting_words("case", name), name);
  }
}

TEST_F(CasesRun, OfMoreDrawsAreComparedOnThoseThatBothHave) {
  ASSERT_EQ(run("case = [{ name = \"four\" }, { name = \"six\", evaluation = { draws = 6 } }, "
                "{ name = \"fewer images\", data = { test_images = 30 } }]\n")
                .status,
            0);
  EXPECT_EQ(table("cases.csv").real(1, "difference"), 0);
  EXPECT_TRUE(std::isnan(table("cases.csv").real(2, "difference")));
}

// Samples are those of a file's content: in another place they are the same, however normalised.
TEST_F(CasesRun, OnOtherSamplesAreNotCompared) {
  const std::filesystem::path own = test::source_folder() / "experiments/your_network/waves.npz";
  const std::string copy = folder_.write("copy.npz", test::bytes_of(own)).string();
  std::vector<float> backwards(200);
  for (std::size_t i = 0; i < 200; ++i) backwards[i] = static_cast<float>(199 - i);
  const std::string rows = folder_.write("rows.npy", test::npy({200}, backwards)).string();
  const auto samples = [](const std::string& file, const std::string& more) {
    return "data = { test = { samples = \"" + file + ":test_x\", labels = \"" + file + ":test_y\"" +
           more + " } }";
  };
  const std::string file = folder_.write(
      "waves.toml", to_toml(test::waves("eta = 0.2\n[evaluation]\ndraws = 2\n")) +
                        "[sweep]\ncase = [{ name = \"a\" }, { name = \"backwards\", " +
                        samples(own, ", rows = \"" + rows + "\"") + " }, { name = \"copied\", " +
                        samples(copy, "") +
                        " }, { name = \"scaled\", data = { normalize = { scale = "
                        "0.0078125, mean = [1.001] } } }]\n");
  const Result result = ohmic({"run", file, "--out", at()});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(std::isnan(table("cases.csv").real(1, "difference")));
  EXPECT_EQ(table("cases.csv").real(2, "difference"), 0);
  EXPECT_FALSE(std::isnan(table("cases.csv").real(3, "difference")));
}

// `tiles` and `energy_nJ` are of files with [cost], cases.csv is of files with cases.
TEST_F(CasesRun, HaveNoColumnsOfPricesWithoutThemAndNoFileWithoutCases) {
  ASSERT_EQ(run("case = [{ name = \"a\" }, { name = \"b\", mapping = { replicas = 2 } }]\n").status,
            0);
  EXPECT_TRUE(std::filesystem::exists(at() + "/cost.csv"));
  const std::string file =
      folder_.write("study.toml", without_cost() + "[sweep]\ncase = [{ name = \"a\" }]\n");
  ASSERT_EQ(ohmic({"run", file, "--out", at()}).status, 0);
  EXPECT_EQ(table("cases.csv").columns().back(), "difference_hi");
  EXPECT_FALSE(std::filesystem::exists(at() + "/cost.csv")) << "of what the file was before";
  folder_.write("study.toml", without_cost());
  ASSERT_EQ(ohmic({"run", file, "--out", at()}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(at() + "/cases.csv")) << "of what the file was before";
}

TEST(Cases, OneIsChosenBySet) {
  const std::string cases =
      "case = [{ name = \"a\" }, { name = \"b\", mapping = { replicas = 2 } }]\n";
  const auto chosen = [&](const std::string& name) {
    Value root = parse_toml(kBase + "[sweep]\n" + cases, "study.toml");
    apply_override(root, "case=\"" + name + "\"");
    return expand(root);
  };
  const auto points = chosen("b");
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].experiment.mapping.replicas, 2);
  EXPECT_THROW(chosen("c"), ConfigError);
}

TEST(Cases, WhoseNamesLookLikeNumbersAreChosenAsTheyAreWritten) {
  const test::TemporaryFolder folder;
  for (const std::string name : {"0.50", "007", "true", "[1]", "two # words"}) {
    const std::string file = folder.write(
        "study.toml", kBase + "[sweep]\ncase = [{ name = \"" + name + "\" }, { name = \"b\" }]\n");
    for (const std::string& condition : {"case=" + name, "case=\"" + name + "\""}) {
      const auto points = expand(read_experiment_file(file, {condition}));
      ASSERT_EQ(points.size(), 1u);
      EXPECT_EQ(points[0].experiment.named_case, name);
      EXPECT_EQ(select_points(expand(read_experiment_file(file, {})), {condition}),
                (std::vector<bool>{true, false}));
    }
  }
}

// A key that --set gives may stand in a table that a case sets, or around one of its keys.
TEST(Cases, LoseNothingThatSetGives) {
  const auto refused = [](const std::string& periphery, const std::string& set,
                          const std::string& key) {
    Value root = parse_toml(
        kBase + "[sweep]\ncase = [{ name = \"a\" }, { name = \"b\", periphery = " + periphery +
            " }]\n",
        "study.toml");
    apply_override(root, set);
    EXPECT_NE(test::error_of<ConfigError>([&] {
                expand(root);
              }).find(key + ": is what the case \"b\" sets"),
              std::string::npos);
  };
  refused("{ adc = { bits = 5 } }", "periphery.adc=ideal", "periphery.adc");
  refused("{ adc = \"ideal\" }", "periphery.adc.bits=3", "periphery.adc.bits");
  refused("{ adc = \"ideal\" }", "periphery.adc={bits=3}", "periphery.adc.bits");
  Value root =
      parse_toml(kBase + "[sweep]\ncase = [{ name = \"b\", periphery = { adc = { bits = 5 } } }]\n",
                 "study.toml");
  apply_override(root, "periphery.adc.full_scale=0.5");
  apply_override(root, "periphery.adc.range=fixed");
  EXPECT_EQ(expand(root).front().experiment.periphery.adc->full_scale, 0.5) << "a key beside it";
  const auto chosen = [](const std::string& adc, const std::string& set) {
    Value one = parse_toml(kBase +
                               "[sweep]\ncase = [{ name = \"a\" }, { name = \"b\", periphery = { "
                               "adc = " +
                               adc + " } }]\n",
                           "study.toml");
    apply_override(one, set);
    apply_override(one, "case=b");
    return expand(one).at(0).experiment.periphery.adc;
  };
  EXPECT_FALSE(chosen("{ bits = 5 }", "periphery.adc=ideal"));
  EXPECT_EQ(chosen("\"ideal\"", "periphery.adc.bits=3")->bits, 3);
}

TEST(Sweep, LosesNothingThatSetGivesATableOfSweptKeys) {
  Value below = parse_toml(kBase + "[sweep]\nperiphery.adc.bits = [5, 6]\n", "study.toml");
  apply_override(below, "periphery.adc=ideal");
  EXPECT_NE(test::error_of<ConfigError>([&] {
              expand(below);
            }).find("periphery.adc: would be lost: the axis sweep.periphery.adc.bits sets a key"),
            std::string::npos);
  Value whole = parse_toml(
      kBase + "[sweep]\nperiphery.adc = [{ bits = 5 }, { bits = 6, full_scale = 0.5 }]\n",
      "s.toml");
  apply_override(whole, "periphery.adc=ideal");
  const auto points = expand(whole);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_FALSE(points[0].experiment.periphery.adc);
}

TEST(Cases, HaveNoSweepOfTheirOwn) {
  for (const char* sweep : {"sweep = { \"device.eta\" = [0.1, 0.2] }", "sweep.seed = [1, 2]"})
    EXPECT_NE(
        refusal("case = [{ name = \"a\", " + std::string(sweep) + " }]\n")
            .find("sweep.case: a case has no sweep of its own; expected the axes beside case"),
        std::string::npos);
}

TEST_F(CasesRun, AreSetBesideTheFirstDrawByDraw) {
  const Result result =
      run("case = [{ name = \"as written\" }, { name = \"the same\", mapping = { form = "
          "\"one_sided\" } }, { name = \"four\", mapping = { replicas = 4 } }]\n");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("beside the first"), std::string::npos) << result.out;
  const RecordedTable cases = table("cases.csv"), rows = table("results.csv");
  EXPECT_TRUE(std::isnan(cases.real(0, "difference")));
  EXPECT_EQ(cases.real(1, "difference"), 0);
  EXPECT_NEAR(cases.real(2, "difference"), rows.real(2, "accuracy") - rows.real(0, "accuracy"),
              1e-12);
  EXPECT_LE(cases.real(2, "difference_lo"), cases.real(2, "difference"));
  EXPECT_EQ(cases.real(2, "tiles"), 4 * cases.real(0, "tiles"));
  EXPECT_NE(read_whole(at() + "/report.html").find("the same"), std::string::npos);
  EXPECT_EQ(ohmic({"report", at()}).status, 0);
}

// What a device errs by itself says nothing of devices that are written until they are near, nor of
// weights that are estimated.
TEST_F(CasesRun, HaveTheNoiseOfDevicesWhereItIsThatOfWeights) {
  ASSERT_EQ(run("case = [{ name = \"once\" }, { name = \"verified\", mapping = { writes = 5 } }, "
                "{ name = \"denoised\", mapping = { denoise = { lambda = 0.5 } } }]\n")
                .status,
            0);
  const RecordedTable layers = table("layers.csv");
  ASSERT_EQ(layers.rows() % 3, 0u);
  for (std::size_t row = 0; row < layers.rows(); ++row) {
    const std::string of = layers.cell(row, "case");
    for (const char* column : {"eta", "snr", "snr_dB", "bits"})
      EXPECT_EQ(layers.cell(row, column).empty(), of != "once") << of << column;
    for (const char* column : {"sigma_G_uS", "sigma_G_percent"})
      EXPECT_EQ(layers.cell(row, column).empty(), of == "verified") << of << column;
    if (of == "verified") {
      EXPECT_LT(layers.real(row, "measured_eta"),
                layers.real(row % (layers.rows() / 3), "measured_eta"));
    }
  }
}

TEST_F(CasesRun, AreBesideTheFirstOfTheSweepOrNone) {
  ASSERT_EQ(
      run("case = [{ name = \"as written\" }, { name = \"two\", mapping = { replicas = 2 } }, "
          "{ name = \"four\", mapping = { replicas = 4 } }]\n",
          {"--only", "case=two", "--only", "case=four"})
          .status,
      0);
  for (std::size_t row : {0, 1})
    EXPECT_TRUE(std::isnan(table("cases.csv").real(row, "difference")));
}

}  // namespace
}  // namespace ohmic
