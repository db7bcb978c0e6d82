// [budget.knobs] on small networks: derivatives against sweeps that are evaluated by themselves and
// against a closed form, numbers without effect, corners, and what is refused.
#include "experiments/budget/knobs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/budget/answers.hpp"
#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

using Columns = std::map<std::string, std::vector<std::string>>;

std::string error_of(const std::string& more) { return test::budget_error(test::waves(more)); }

class BudgetOfKnobs : public test::BudgetRun {
 protected:
  BudgetOutcome run(const std::string& more) const { return BudgetRun::run(test::waves(more)); }

  /// The row of a number in knobs.csv.
  std::size_t row_of(const std::string& key) const {
    const auto keys = table("knobs.csv").at("key");
    return static_cast<std::size_t>(std::ranges::find(keys, key) - keys.begin());
  }
  std::string cell(const std::string& key, const std::string& column) const {
    return table("knobs.csv").at(column).at(row_of(key));
  }
  double number(const std::string& key, const std::string& column) const {
    return std::stod(cell(key, column));
  }

  /// The metric at every point of a sweep that is run by itself, with half its interval.
  struct Swept {
    std::vector<double> mean, half;
  };
  Swept swept(const std::string& more, const std::string& metric = "accuracy") const {
    const Columns columns = test::columns_of(swept_csv(test::waves(more)));
    Swept values;
    for (std::size_t i = 0; i < columns.at(metric).size(); ++i) {
      values.mean.push_back(std::stod(columns.at(metric)[i]));
      values.half.push_back(
          (std::stod(columns.at(metric + "_hi")[i]) - std::stod(columns.at(metric + "_lo")[i])) /
          2);
    }
    return values;
  }
};

TEST(HardwareNumbers, AreFoundWhereverTheyStand) {
  const Experiment e =
      expand(test::tiny_experiment(
                 10, 2, 1,
                 "model = \"stack\"\ntime_s = 60.0\n[[device.models]]\nmodel = \"awgn\"\neta = "
                 "0.2\n[[device.models]]\nmodel = \"polynomial\"\ncoefficients_uS = [0.5, 0.1]\n"
                 "[device.layers.\"layer1.0.conv1\"]\nmodel = \"quantized\"\nbits = 5\n"
                 "[mapping]\ntile = [64, 32]\n[periphery]\nadc = { bits = 6 }\n"))
          .front()
          .experiment;
  std::map<std::string, HardwareNumber> numbers;
  for (const HardwareNumber& number : numbers_of(e)) numbers[number.key] = number;
  const auto value = [&](const std::string& key) { return numbers.at(key).value; };
  EXPECT_EQ(value("device.models.0.eta"), 0.2);
  EXPECT_EQ(value("device.models.1.coefficients_uS.1"), 0.1);
  EXPECT_EQ(value("device.time_s"), 60);
  EXPECT_EQ(value("mapping.tile.1"), 32);
  EXPECT_EQ(value("periphery.adc.bits"), 6);
  EXPECT_EQ(value("device.layers.layer1.0.conv1.bits"), 5);
  for (const char* bits : {"periphery.adc.bits", "device.layers.layer1.0.conv1.bits"}) {
    EXPECT_TRUE(numbers.at(bits).is_whole) << bits;
    EXPECT_EQ(numbers.at(bits).unit, "bit") << bits;
  }
  EXPECT_FALSE(numbers.contains("periphery.dac.bits"));
  EXPECT_FALSE(numbers.contains("evaluation.draws"));
}

std::map<std::string, Knob> moved(const std::string& more, double share) {
  const Experiment e = expand(test::waves(more)).front().experiment;
  std::map<std::string, Knob> knobs;
  for (const Knob& knob : knobs_of(e, numbers_of(e), share).moved) knobs[knob.number.key] = knob;
  return knobs;
}

TEST(HardwareNumbers, AreMovedByWhatCanBeCompared) {
  const auto knobs = moved(
      "eta = 0.3\n[mapping]\ntile = [64, 4]\n[periphery]\nadc = { bits = 16, enob = 7.5, "
      "percentile "
      "= 99.0 }\ndac = { bits = 6 }\n",
      0.1);
  const auto expect = [&](const char* key, double low, double high, const char* step) {
    EXPECT_EQ(knobs.at(key).low, low) << key;
    EXPECT_EQ(knobs.at(key).high, high) << key;
    EXPECT_EQ(knobs.at(key).step_text, step) << key;
  };
  expect("device.eta", 0.27, 0.33, "10 %");  // what a reader would write, to the last digit
  expect("periphery.dac.bits", 5, 7, "1 bit");
  expect("periphery.adc.enob", 6.5, 8.5, "1 bit");
  expect("mapping.tile.0", 58, 70, "10 %");
  expect("mapping.tile.1", 3, 5, "1");
  EXPECT_NEAR(knobs.at("mapping.tile.0").steps(), 12 / 6.4, 1e-12);
  // At the edge: no converter has 17 bits.
  expect("periphery.adc.bits", 15, 16, "1 bit");
  expect("periphery.adc.percentile", 98.9, 99.1, "10 % of the rest");
}

TEST(HardwareNumbers, ThatCannotCountAreLeftOutWithTheReason) {
  const Experiment e = expand(test::waves("eta = 0.3\n[periphery]\nadc = {}\n")).front().experiment;
  std::map<std::string, std::string> why;
  for (const LeftOut& l : knobs_of(e, numbers_of(e), 0.1).left_out) why[l.key] = l.why;
  EXPECT_EQ(why.at("device.g_min_S"), "is 0, of which there is no share");
  EXPECT_EQ(why.at("mapping.weight_percentile"),
            "is 100, of whose rest to 100 % there is no share");
  EXPECT_EQ(why.at("mapping.weight_bits"),
            "has no effect without mapping.encoding = \"bit_sliced\"");
  EXPECT_EQ(why.at("periphery.adc.full_scale"),
            "has no effect without periphery.adc.range = \"fixed\"");
  EXPECT_FALSE(why.contains("device.eta"));
}

constexpr char kEta[] =
    "eta = 0.5\n[budget.knobs]\nkeys = [\"device.eta\"]\nstep = 0.2\ndraws = 40\n";

// The same draws, evaluated by `ohmic run`: the same numbers. Other draws: means of 40 chips that
// are normal enough; 4.9 standard errors (2.5 half intervals of 95 %) are missed once in 10^6.
TEST_F(BudgetOfKnobs, DerivativeOfEtaIsThatOfASweep) {
  run(kEta);
  const double change = number("device.eta", "change");
  EXPECT_LT(number("device.eta", "change_hi"), 0);
  EXPECT_EQ(cell("device.eta", "better"), "smaller");
  const std::string sweep = "[evaluation]\ndraws = 40\n[sweep]\ndevice.eta = [0.4, 0.6]\n";
  const Swept same = swept(sweep);
  EXPECT_NEAR(change, (same.mean[1] - same.mean[0]) / 2, 1e-12);
  EXPECT_NEAR(number("device.eta", "accuracy_at_low"), same.mean[0], 1e-12);
  const Swept fresh =
      swept("[evaluation]\ndraws = 40\nfirst_draw = 5000\n[sweep]\ndevice.eta = [0.4, 0.6]\n");
  const double half = (number("device.eta", "change_hi") - number("device.eta", "change_lo")) / 2,
               half_of_sweep = std::hypot(fresh.half[0], fresh.half[1]) / 2;
  EXPECT_NEAR(change, (fresh.mean[1] - fresh.mean[0]) / 2, 2.5 * std::hypot(half, half_of_sweep));
  // Pairing is what makes it known: as if ends had draws of their own, it would be far wider.
  EXPECT_LT(half, 0.8 * std::hypot(same.half[0], same.half[1]) / 2);
}

// Small errors of weights move answers in proportion: the mean squared error is c eta^2, draw by
// draw, so that a step of 10 % is (1.1^2 - 0.9^2)/2 = 0.2 of it. It is better when it is lower.
TEST_F(BudgetOfKnobs, DerivativeOfASquareIsTheClosedForm) {
  run("eta = 0.001\n[evaluation]\nmetric = \"mse\"\nagainst = \"answers\"\n[budget]\ndrop = "
      "\"unit\"\n[budget.knobs]\nkeys = [\"device.eta\"]\ndraws = 12\n");
  EXPECT_NEAR(number("device.eta", "change") / number("device.eta", "mse"), 0.2, 0.002);
  EXPECT_EQ(cell("device.eta", "better"), "smaller");
}

// White noise does not age, and tiles without converters or wires add up to the same.
TEST_F(BudgetOfKnobs, WhatHasNoEffectChangesNothing) {
  const std::string text =
      run("eta = 0.5\ntime_s = 1000.0\n[budget.knobs]\nkeys = [\"device.time_s\", "
          "\"device.eta\"]\ndraws = 4\n")
          .text;
  EXPECT_EQ(cell("device.time_s", "change"), "0");
  EXPECT_LE(number("device.time_s", "change_lo"), 0);
  EXPECT_GE(number("device.time_s", "change_hi"), 0);
  EXPECT_EQ(cell("device.time_s", "better"), "none");
  EXPECT_EQ(row_of("device.time_s"), 1u);
  EXPECT_NE(text.find("no draw changes"), std::string::npos) << text;
}

TEST_F(BudgetOfKnobs, ConvertersCountPerBit) {
  run("eta = 0.3\n[periphery]\nadc = { bits = 4 }\n[budget.knobs]\nkeys = "
      "[\"periphery.adc.bits\"]\ndraws = 8\n");
  const Swept at = swept(
      "eta = 0.3\n[periphery]\nadc = {}\n[evaluation]\ndraws = 8\n[sweep]\nperiphery.adc.bits = "
      "[3, 5]\n");
  EXPECT_EQ(cell("periphery.adc.bits", "step"), "1 bit");
  EXPECT_GT(at.mean[1], at.mean[0]);
  EXPECT_NEAR(number("periphery.adc.bits", "change"), (at.mean[1] - at.mean[0]) / 2, 1e-12);
  EXPECT_EQ(cell("periphery.adc.bits", "better"), "larger");
}

constexpr char kMany[] =
    "eta = 0.4\n[periphery]\nadc = { bits = 4 }\noutput_noise = { relative = 0.01 "
    "}\n[budget.knobs]\nkeys = [\"device.*\", \"periphery.*\"]\ndraws = 6\n";

TEST_F(BudgetOfKnobs, AreRankedByTheSizeOfWhatIsTold) {
  const BudgetOutcome first = run(kMany);
  const Columns t = table("knobs.csv");
  const std::size_t count = t.at("key").size();
  ASSERT_GE(count, 4u);
  const auto value = [&](const char* column, std::size_t i) { return std::stod(t.at(column)[i]); };
  const auto is_told = [&](std::size_t i) {
    return value("change_lo", i) * value("change_hi", i) > 0;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const bool names_a_side = t.at("better")[i] == "smaller" || t.at("better")[i] == "larger";
    EXPECT_EQ(names_a_side, is_told(i)) << t.at("key")[i];
    if (i == 0) continue;
    EXPECT_LE(is_told(i), is_told(i - 1));
    if (is_told(i) == is_told(i - 1)) {
      EXPECT_LE(std::abs(value("change", i)), std::abs(value("change", i - 1)));
    }
  }
  EXPECT_NE(first.text.find("not distinguishable from nothing"), std::string::npos) << first.text;
  const std::string bytes = content("knobs.csv") + content("knobs_left_out.csv");
  const BudgetOutcome again = run(kMany);
  EXPECT_EQ(again.new_draws, 0);
  EXPECT_EQ(content("knobs.csv") + content("knobs_left_out.csv"), bytes);
  EXPECT_EQ(BudgetRun::run(parse_toml(content("resolved.toml"), "resolved.toml")).new_draws, 0);
}

constexpr char kCorners[] =
    "eta = 0.4\n[periphery]\nadc = { bits = 4 }\n[budget.knobs]\nkeys = [\"device.eta\"]\ndraws = "
    "6\nverify_draws = 8\ncorners = { \"device.eta\" = 0.25, \"periphery.adc.bits\" = 0.25 }\n";

// All four corners and the fresh draws of the worst, evaluated by `ohmic run`.
TEST_F(BudgetOfKnobs, WorstCornerIsThatOfASweep) {
  const std::string text = run(kCorners).text;
  const std::string sweep =
      "[periphery]\nadc = {}\n[evaluation]\ndraws = 6\n[sweep]\nperiphery.adc.bits = [3, "
      "5]\ndevice.eta = [0.3, 0.5]\n";
  const Swept all = swept(sweep);
  const Columns t = table("knob_corners.csv");
  ASSERT_EQ(t.at("accuracy").size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const bool high_bits = t.at("periphery.adc.bits")[i] == "5",
               high = t.at("device.eta")[i] == "0.5";
    EXPECT_NEAR(std::stod(t.at("accuracy")[i]), all.mean[2 * high_bits + high], 1e-12) << i;
    const bool is_worst =
        std::stod(t.at("accuracy")[i]) < *std::ranges::min_element(all.mean) + 1e-9;
    EXPECT_EQ(t.at("worst")[i], is_worst ? "true" : "false") << i;
    // Noise is worse when it is more, converters with fewer bits.
    EXPECT_EQ(t.at("linear")[i], high && !high_bits ? "true" : "false") << i;
  }
  const Swept fresh = swept(
      "[periphery]\nadc = {}\n[evaluation]\ndraws = 8\nfirst_draw = 1000000\n[sweep]\n"
      "periphery.adc.bits = [3, 4]\ndevice.eta = [0.4, 0.5]\n");
  const Columns worst = table("knob_corner.csv");
  EXPECT_NEAR(std::stod(worst.at("accuracy")[0]), fresh.mean[1], 1e-12);
  EXPECT_NEAR(std::stod(worst.at("nominal")[0]), fresh.mean[2], 1e-12);
  EXPECT_NEAR(std::stod(worst.at("lost")[0]), fresh.mean[2] - fresh.mean[1], 1e-12);
  EXPECT_NE(text.find("On 8 draws that the search has not seen"), std::string::npos) << text;
  EXPECT_EQ(run(kCorners).new_draws, 0);
}

// A tolerance of one step: what is lost at the corner to first order is the change itself.
TEST_F(BudgetOfKnobs, FirstOrderAddsUpWhatNumbersLose) {
  run("eta = 0.4\n[periphery]\nadc = { bits = 4 }\n[budget.knobs]\ndraws = 6\nverify_draws = 2\n"
      "keys = [\"device.eta\"]\ncorners = { device.eta = 0.1, periphery.adc.bits = 0.25 }\n");
  const Columns t = table("knob_corners.csv");
  const auto linear =
      static_cast<std::size_t>(std::ranges::find(t.at("linear"), "true") - t.at("linear").begin());
  EXPECT_NEAR(
      std::stod(t.at("predicted")[linear]),
      std::abs(number("device.eta", "change")) + std::abs(number("periphery.adc.bits", "change")),
      1e-12);
}

constexpr char kManyCorners[] =
    "eta = 0.4\n[periphery]\nadc = { bits = 4 }\ndac = { bits = 4 }\noutput_noise = { relative = "
    "0.05 }\n[evaluation]\ncalibration_images = 16\n[budget.knobs]\ndraws = 4\nverify_draws = "
    "2\nkeys = [\"device.eta\"]\n";
constexpr char kFiveTolerances[] =
    "[budget.knobs.corners]\ndevice.eta = 0.1\ndevice.g_max_S = 0.1\nperiphery.adc.bits = 0.25\n"
    "periphery.dac.bits = 0.25\nperiphery.output_noise.relative = 0.2\n";

// All 32 corners, evaluated by `ohmic run` on the same draws: the search measures fewer of them,
// finds the same values and ends at the worst of all.
TEST_F(BudgetOfKnobs, OfManyTolerancesASearchFindsTheWorstCorner) {
  const std::string settings = std::string(kManyCorners) + kFiveTolerances;
  const std::string text = run(settings).text;
  const std::string sweep =
      "[periphery]\nadc = {}\ndac = {}\noutput_noise = {}\n[evaluation]\ncalibration_images = "
      "16\ndraws = 4\n[sweep]\n"
      "device.eta = [0.36, 0.44]\ndevice.g_max_S = [22.5e-6, 27.5e-6]\nperiphery.adc.bits = [3, "
      "5]\nperiphery.dac.bits = [3, 5]\nperiphery.output_noise.relative = [0.04, 0.06]\n";
  const char* keys[] = {"device.eta", "device.g_max_S", "periphery.adc.bits", "periphery.dac.bits",
                        "periphery.output_noise.relative"};
  std::map<std::vector<double>, double> all;
  const Columns swept = test::columns_of(swept_csv(test::waves(sweep)));
  const auto corner_of = [&](const Columns& columns, std::size_t row) {
    std::vector<double> corner;
    for (const char* key : keys) corner.push_back(std::stod(columns.at(key)[row]));
    return corner;
  };
  for (std::size_t i = 0; i < swept.at("accuracy").size(); ++i)
    all[corner_of(swept, i)] = std::stod(swept.at("accuracy")[i]);
  ASSERT_EQ(all.size(), 32u);
  const double worst = std::ranges::min_element(all, {}, [](auto& c) { return c.second; })->second;
  const Columns t = table("knob_corners.csv");
  const std::size_t measured = t.at("worst").size();
  EXPECT_GE(measured, 6u);
  EXPECT_LT(measured, 32u);
  for (std::size_t i = 0; i < measured; ++i) {
    ASSERT_TRUE(all.contains(corner_of(t, i))) << i;
    EXPECT_NEAR(std::stod(t.at("accuracy")[i]), all.at(corner_of(t, i)), 1e-12) << i;
    if (t.at("worst")[i] == "true") {
      EXPECT_NEAR(std::stod(t.at("accuracy")[i]), worst, 1e-12);
    }
  }
  EXPECT_EQ(std::ranges::count(t.at("worst"), "true"), 1);
  EXPECT_EQ(t.at("linear")[0], "true");  // where the search begins
  EXPECT_EQ(t.at("step")[0], "0");
  EXPECT_NE(text.find(fmt::format("a search found, which measured {} of the 32 and ends where no "
                                  "other end of a single number is worse",
                                  measured)),
            std::string::npos)
      << text;
  EXPECT_EQ(run(settings).new_draws, 0);
}

TEST_F(BudgetOfKnobs, ASearchOfCornersThatIsCutOffSaysSo) {
  const std::string text =
      run(std::string(kManyCorners) + "most_corners = 3\n" + kFiveTolerances).text;
  EXPECT_EQ(table("knob_corners.csv").at("worst").size(), 3u);
  EXPECT_NE(text.find("the worst corner of 3 of the 32, where the search was ended "
                      "(budget.knobs.most_corners = 3)"),
            std::string::npos)
      << text;
}

// Few draws tell few ends: those that nothing tells apart are named, put to where first order has
// them, and the corner to first order stands beside the found one on the same fresh draws.
TEST_F(BudgetOfKnobs, TheWorstCornerSaysWhichEndsNothingTellsApart) {
  const std::string text = run(std::string(kManyCorners) + kFiveTolerances).text;
  const Columns t = table("knob_corner.csv"), seen = table("knob_corners.csv");
  const std::size_t rows = t.at("linear").size();
  ASSERT_GE(rows, 1u);
  ASSERT_LE(rows, 2u);
  EXPECT_EQ(std::ranges::count(t.at("linear"), "true"), 1);
  EXPECT_NE(t.at("undecided")[0].find("device.g_max_S"), std::string::npos) << text;
  EXPECT_NE(text.find("device.g_max_S 2"), std::string::npos) << text;
  EXPECT_NE(text.find(" (either)"), std::string::npos) << text;
  EXPECT_EQ(t.at("device.g_max_S")[0],
            seen.at("device.g_max_S")[0]);  // the first is the linear one
  EXPECT_EQ(t.at("corners")[0], "32");
  EXPECT_EQ(t.at("measured")[0], std::to_string(seen.at("worst").size()));
  EXPECT_EQ(t.at("finished")[0], "true");
  if (rows == 2) {
    EXPECT_LE(std::stod(t.at("accuracy")[0]), std::stod(t.at("accuracy")[1]));
    EXPECT_NEAR(std::stod(t.at("worse_by")[0]),
                std::stod(t.at("accuracy")[1]) - std::stod(t.at("accuracy")[0]), 1e-12);
  }
}

/// Eleven numbers, of which three rates together leave what can be at their upper ends only.
Value three_rates() {
  Value root = test::waves(
      "eta = 0.1\n[mapping]\ntile = [64, 40]\n[periphery]\nadc = { bits = 6, offset_lsb = 0.2 }\n"
      "dac = { bits = 6 }\noutput_noise = { relative = 0.05 }\n[evaluation]\ncalibration_images = "
      "16\n[budget.knobs]\ndraws = 2\nverify_draws = 2\n[budget.knobs.corners]\n"
      "device.models.0.eta = 0.1\ndevice.models.1.min_rate = 0.4\ndevice.models.1.max_rate = 0.4\n"
      "device.models.1.open_rate = 0.4\ndevice.g_max_S = 0.1\nmapping.tile.0 = 0.1\n"
      "mapping.tile.1 = 0.1\nperiphery.adc.bits = 0.2\nperiphery.adc.offset_lsb = 0.2\n"
      "periphery.dac.bits = 0.2\nperiphery.output_noise.relative = 0.2\n");
  root.table()["device"] = *parse_toml(
                                "[device]\nmodel = \"stack\"\ng_max_S = 25e-6\n"
                                "[[device.models]]\nmodel = \"awgn\"\neta = 0.1\n"
                                "[[device.models]]\nmodel = \"stuck\"\nmin_rate = 0.25\nmax_rate = "
                                "0.25\nopen_rate = 0.25\n",
                                "three.toml")
                                .at("device");
  return root;
}

// Any two of the rates can be at their upper ends: all three of them are tried before anything is
// measured, with the corner named and the sum rounded.
TEST(BudgetOfKnobsRequests, ManyTolerancesThatContradictEachOtherAreRefusedAtOnce) {
  const std::string error = test::budget_error(three_rates());
  EXPECT_NE(error.find("waves.toml:"), std::string::npos) << error;
  EXPECT_NE(error.find("budget.knobs.corners: no hardware has "), std::string::npos) << error;
  EXPECT_NE(error.find("device.models.1.min_rate 0.35"), std::string::npos) << error;
  EXPECT_NE(error.find("the four rates add up to 1.05; expected at most 1"), std::string::npos)
      << error;
}

// Keys are printed as they are typed: a number counts the entries of a list, in --set and [sweep].
TEST(KeysOfKnobs, CanBeTypedBack) {
  Value root = three_rates();
  root.table().erase("budget");
  apply_override(root, "device.models.0.eta=0.3");
  EXPECT_EQ(expand(root).front().experiment.resolved().at("device.models.0.eta")->text(), "0.3");
  EXPECT_EQ(expand(root).front().experiment.resolved().at("device.models.1.min_rate")->text(),
            "0.25");
  Value swept = root;
  swept.set("sweep",
            *parse_toml("[sweep]\ndevice.models.1.min_rate = [0.1, 0.2]\n", "s").at("sweep"));
  const std::vector<Point> points = expand(swept);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].axes.front().first, "device.models.1.min_rate");
  EXPECT_EQ(points[1].axes.front().second.text(), "0.2");
  EXPECT_EQ(points[1].experiment.resolved().at("device.models.1.min_rate")->text(), "0.2");
  const std::string error =
      test::error_of<ConfigError>([&] { apply_override(root, "device.models.2.eta=0.3"); });
  EXPECT_NE(error.find("device.models.2.eta: names an entry that the list does not have; it has 2, "
                       "counted from 0"),
            std::string::npos)
      << error;
}

/// What is made up: a sum of all ends (1, -1), and of products of two.
struct MadeUpCorners {
  std::vector<double> single;
  std::map<std::pair<std::size_t, std::size_t>, double> pairs;
  mutable std::size_t asked = 0;

  double badness(const CornerEnds& corner) const {
    ++asked;
    const auto end = [&](std::size_t a) { return corner[a] ? 1.0 : -1.0; };
    double sum = 0;
    for (std::size_t a = 0; a < single.size(); ++a) sum += single[a] * end(a);
    for (const auto& [pair, weight] : pairs) sum += weight * end(pair.first) * end(pair.second);
    return sum;
  }
  double worst() const {
    double worst = -1e9;
    for (const CornerEnds& corner : all_corners(single.size()))
      worst = std::max(worst, badness(corner));
    return worst;
  }
  CornerEnds linear() const { return CornerEnds(single.size(), true); }
  CornerPath search(std::size_t most) const {
    asked = 0;
    return search_corners(linear(), most, [this](const CornerEnds& c) { return badness(c); });
  }
};

// Where two numbers are bad together in other ways than each by itself, the corner of the signs is
// not the worst: two of its ends are to be moved, one after the other.
TEST(SearchOfCorners, GoesOnFromTheCornerOfTheSignsToTheWorst) {
  const MadeUpCorners made_up{{0.5, 2, 0.8, 1, 1, 1, 1, 1}, {{{0, 1}, -3}, {{2, 3}, -2}}};
  const double worst = made_up.worst();
  EXPECT_LT(made_up.badness(made_up.linear()), worst);
  const CornerPath path = made_up.search(256);
  ASSERT_EQ(path.steps.size(), 3u);
  EXPECT_EQ(path.measured.size(), made_up.asked);  // each once
  EXPECT_EQ(made_up.asked, 1u + 8 + 7 + 6);        // of 256
  EXPECT_EQ(made_up.badness(path.measured[path.steps.back()]), worst);
  EXPECT_EQ(path.measured[path.steps.back()],
            (CornerEnds{false, true, false, true, true, true, true, true}));
  EXPECT_TRUE(path.is_finished);
}

TEST(SearchOfCorners, EndsAtTheCornerOfTheSignsWhereNumbersAddUp) {
  const MadeUpCorners made_up{{1, 2, 3, 4, 5}, {}};
  const CornerPath path = made_up.search(100);
  EXPECT_EQ(path.steps, std::vector<std::size_t>{0});
  EXPECT_EQ(path.measured.size(), 6u);
  EXPECT_TRUE(path.is_finished);
}

// Two ends that are bad only together are no single step away: the search does not say otherwise.
TEST(SearchOfCorners, EndsWhereNoSingleNumberMakesItWorse) {
  const MadeUpCorners made_up{{1, 1, 1, 1, 1}, {{{0, 1}, 4}}};
  CornerEnds start = made_up.linear();
  start[0] = start[1] = false;
  const CornerPath path =
      search_corners(start, 100, [&](const CornerEnds& corner) { return made_up.badness(corner); });
  EXPECT_TRUE(path.is_finished);
  EXPECT_EQ(path.steps.back(), 0u);
  EXPECT_LT(made_up.badness(path.measured[0]), made_up.worst());
}

TEST(SearchOfCorners, IsCutOffAtTheWorstOfWhatItMeasured) {
  const MadeUpCorners made_up{{0.5, 2, 0.8, 1, 1, 1, 1, 1}, {{{0, 1}, -3}, {{2, 3}, -2}}};
  const CornerPath path = made_up.search(5);
  EXPECT_EQ(path.measured.size(), 5u);
  EXPECT_FALSE(path.is_finished);
  double worst = -1e9;
  for (const CornerEnds& corner : path.measured) worst = std::max(worst, made_up.badness(corner));
  EXPECT_EQ(made_up.badness(path.measured[path.steps.back()]), worst);
  EXPECT_FALSE(made_up.search(1).is_finished);
  EXPECT_EQ(made_up.search(1).measured.size(), 1u);
}

TEST(SearchOfCorners, TakesWhatIsNoNumberForTheWorst) {
  const CornerPath path = search_corners(CornerEnds(3, true), 100, [](const CornerEnds& corner) {
    return corner[1] ? 1.0 : std::nan("");
  });
  EXPECT_EQ(path.measured[path.steps.back()], (CornerEnds{true, false, true}));
}

// Corners that cannot be are passed by, and counted.
TEST(SearchOfCorners, PassesByWhatCannotBe) {
  const MadeUpCorners made_up{{0.5, 2, 0.8, 1, 1}, {{{0, 1}, -3}}};
  const CornerPath path =
      search_corners(made_up.linear(), 100, [&](const CornerEnds& corner) -> std::optional<double> {
        if (!corner[0]) return std::nullopt;
        return made_up.badness(corner);
      });
  EXPECT_TRUE(path.is_finished);
  EXPECT_GE(path.impossible, 1u);
  EXPECT_TRUE(std::ranges::all_of(path.measured, [](const CornerEnds& c) { return c[0]; }));
  EXPECT_EQ(path.measured[path.steps.back()], (CornerEnds{true, false, true, true, true}));
}

TEST(BudgetOfKnobsFigure, HasABarForEachNumberFromTheTopDown) {
  const BudgetRequest request = read_budget(test::waves(kMany));
  KnobStudy study;
  study.point = &request.points.front();
  study.nominal.draws.resize(2);
  const auto add = [&](const char* key, const char* step, double change, double half) {
    KnobEffect e;
    e.knob.number.key = key;
    e.knob.step_text = step;
    e.change = {change, change - half, change + half, half / 2, 9};
    study.effects.push_back(e);
  };
  add("device.eta", "10 %", -0.05, 0.01);
  add("periphery.adc.bits", "1 bit", 0.02, 0.01);
  add("device.g_max_S", "10 %", 0.001, 0.01);
  add("mapping.replicas", "1", 0.02, 0.01);
  add("device.models.0.programming_scale_of_this", "10 %", 0.02, 0.01);
  const AnalysisResult result = knobs_result({study}, request.settings);
  const std::string script = result.figures.front().script;
  const auto has = [&](const std::string& part) {
    EXPECT_NE(script.find(part), std::string::npos) << part << "\n" << script;
  };
  has("set ytics norotate ('device.eta' 0, 'periphery.adc.bits' 1, 'device.g_max_S' 2, "
      "'mapping.replicas' 3, 'device.models.0.programming_scale_of_this' 4)");  // not cut
  has("set yrange [4.6:-0.6]");
  has("noborder linecolor '#cc79a7'");  // on which whiskers are seen
  has("0 -5 -6 -4\n");
  has("title 'per 10 %'");
  has("title 'per 1 bit'");
  has("title 'not distinguishable from nothing'");
  has("with boxxyerror");
}

TEST(BudgetOfKnobsRequests, ThatCannotBeAnsweredAreRefused) {
  const std::string eta = "eta = 0.1\n[budget.knobs]\n";
  const auto expect = [&](const std::string& more, const std::string& message) {
    EXPECT_NE(error_of(eta + more).find(message), std::string::npos) << error_of(eta + more);
  };
  expect("keys = [\"device.etta\"]\n",
         "budget.knobs.keys: \"device.etta\" is no number of the hardware of this file; it has "
         "mapping.weight_bits, mapping.slice_bits, mapping.tile.0");
  expect("keys = [\"evaluation.draws\"]\n", "is no number of the hardware");
  expect("keys = [\"device.g_min_S\"]\n",
         "budget.knobs: none of these numbers can be moved: device.g_min_S is 0, of which there is "
         "no share");
  expect("step = 0.9\n", "budget.knobs.step: expected a real number in [0.001, 0.5]");
  EXPECT_EQ(error_of(eta + "step = 0.9\n").find("did you mean"), std::string::npos);
  expect("draws = 1\n", "budget.knobs.draws: expected an integer >= 2");
  expect("most_corners = 0\n", "budget.knobs.most_corners: expected an integer in [1, 1e+06]");
  expect("corners = 0.1\n",
         "budget.knobs.corners: expected a table of keys, each with the share of its value that it "
         "may be off by, as { \"device.eta\" = 0.1 }, got 0.1");
  expect("corners = { \"device.eta\" = 2.0 }\n",
         "budget.knobs.corners.device.eta: expected the share of its value that it may be off by, "
         "above 0 and at most 1, got 2.0");
  expect("corners = { \"device.eta\" = 0.1, device.eta = 0.2 }\n",
         "budget.knobs.corners.device.eta: is given twice");
  expect("corners = { \"device.etta\" = 0.1 }\n",
         "budget.knobs.corners: \"device.etta\" is no number of the hardware of this file");
  expect("corners = { \"device.g_min_S\" = 0.1 }\n",
         "budget.knobs.corners: device.g_min_S is 0, of which there is no share");
  expect("corners = { \"mapping.weight_bits\" = 0.5 }\n",
         "budget.knobs.corners: mapping.weight_bits has no effect without mapping.encoding");
  expect("corners = { \"mapping.weight_percentile\" = 0.1 }\n[mapping]\nweight_percentile = 99.0\n",
         "budget.knobs.corners: mapping.weight_percentile: expected a real number in [50, 100]");
  expect("corners = { \"periphery.adc.bits\" = 0.05 }\n[periphery]\nadc = {}\n",
         "budget.knobs.corners: 0.05 of periphery.adc.bits = 8 rounds to nothing: it is a whole "
         "number");
}

}  // namespace
}  // namespace ohmic
