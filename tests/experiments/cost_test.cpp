// `ohmic cost` and the cost of points in `ohmic run`, on untrained weights of a tiny network.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "experiments/figures/pareto_figure.hpp"
#include "experiments/results/cost_tables.hpp"
#include "experiments/study/experiment.hpp"
#include "nn/io/checkpoint.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/source_folder.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::ohmic;
using test::Result;
using Table = std::vector<std::map<std::string, std::string>>;

constexpr char kTiny[] = R"(
[data]
name = "synthetic"
train_images = 16
test_images = 10
[model]
name = "resnet8"
layout = "he"
width = 2
weights = "WEIGHTS"
[mapping]
tile = [16, 16]
[periphery]
dac = { bits = 8 }
adc = { bits = 6 }
[device]
model = "awgn"
eta = 0.1
[evaluation]
draws = 2
[compute]
threads = 1
[output]
figures = false
)";

/// Rows of a CSV file without quoted cells.
Table rows_of(const std::string& csv) {
  std::istringstream lines(csv);
  std::string line, cell;
  std::vector<std::string> header;
  Table rows;
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::vector<std::string> values;
    while (std::getline(cells, cell, ',')) values.push_back(cell);
    if (header.empty()) {
      header = values;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < values.size(); ++i) row[header.at(i)] = values[i];
  }
  return rows;
}

class Cost : public testing::Test {
 protected:
  void SetUp() override {
    ModelSettings model;
    model.name = "resnet8";
    model.layout = "he";
    model.width = 2;
    const auto weights = folder_.path() / "weights.safetensors";
    write_safetensors(weights, {initialize(build_model(model, 10), "he_normal", 1), {}});
    std::string text = kTiny;
    text.replace(text.find("WEIGHTS"), 7, weights.string());
    file_ = folder_.write("tiny.toml", text);
  }

  std::string run_folder() const { return (folder_.path() / "run").string(); }
  std::string in_run(const std::string& name) const {
    return test::bytes_of(folder_.path() / "run" / name);
  }
  Result run(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"run", file_, "--out", run_folder()};
    words.insert(words.end(), more.begin(), more.end());
    return ohmic(words);
  }

  test::TemporaryFolder folder_;
  std::string file_;
};

TEST_F(Cost, TableHasARowPerLayerAndTheConstants) {
  const Result result = ohmic({"cost", file_});
  ASSERT_EQ(result.status, 0) << result.err;
  std::istringstream lines(result.out);
  std::string line, word;
  std::getline(lines, line);
  EXPECT_EQ(line, "weights.safetensors on synthetic, one image:");
  std::vector<std::string> conv1;
  while (std::getline(lines, line) && conv1.empty()) {
    std::istringstream words(line);
    while (words >> word) conv1.push_back(word);
    if (conv1.empty() || conv1[0] != "conv1") conv1.clear();
  }
  // 27 x 2 weights on 2 x 1 tiles of 16 x 16 cells, twice for the two devices of a pair.
  ASSERT_EQ(conv1.size(), 11u);
  EXPECT_EQ((std::vector<std::string>(conv1.begin() + 1, conv1.begin() + 8)),
            (std::vector<std::string>{"4", "108", "10.5", "1024", "1", "27648", "4096"}));
  EXPECT_NE(result.out.find(" total "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\nenergy: arrays "), std::string::npos);
  EXPECT_NE(result.out.find("ISAAC"), std::string::npos);
}

// What a source gives is the default, not the number of whoever changes it.
TEST_F(Cost, ConstantsThatAreGivenHaveNoSourceOfTheDefault) {
  const Result result = ohmic({"cost", file_, "--set", "cost.read_s=2e-7", "--set", "cost.adc_pJ=2",
                               "--set", "cost.driver_pJ=0.390625"});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* line : {"  read_s                     2e-07 s      given\n",
                           "  adc_pJ                         2 pJ     given\n",
                           "  adc_um2               regression um^2   Andrulis",
                           "  driver_pJ               0.390625 pJ     Shafiee",
                           "  dac_conversion_pJ          model pJ     capacitors"})
    EXPECT_NE(result.out.find(line), std::string::npos) << line << result.out;
}

TEST_F(Cost, PricesThatAreNoMoreNameWhatTookTheirPlace) {
  const auto error = [&](const std::string& set) {
    const Result result = ohmic({"cost", file_, "--set", set});
    EXPECT_EQ(result.status, 2);
    return result.err;
  };
  EXPECT_EQ(error("cost.dac_pJ=0.4167"),
            "--set: error: cost.dac_pJ: is no price any more, as drivers of one bit and DACs of "
            "several differ; expected driver_pJ, of a row that one bit drives, or "
            "dac_conversion_pJ, of a whole conversion of several bits\n");
  EXPECT_NE(error("cost.dac_um2=1").find("driver_um2, of a driver of one bit, or dac_area_um2"),
            std::string::npos);
}

// The tiny network's drive is of the images: with one bit at a time fewer ones cost less.
TEST_F(Cost, DriversOfOneBitFollowTheMeasuredDrive) {
  const auto energy = [&](const std::string& drive) {
    const Result result = ohmic({"cost", file_, "--csv", "--set", "periphery.dac.slice_bits=1",
                                 "--set", "cost.mean_square_drive=" + drive});
    EXPECT_EQ(result.status, 0) << result.err;
    return std::stod(rows_of(result.out).back().at("energy_dac_nJ"));
  };
  EXPECT_NEAR(energy("0.25"), 0.25 * energy("1"), 1e-9 * energy("1"));
  EXPECT_LT(energy("measured"), energy("1"));
  EXPECT_GT(energy("measured"), 0);
}

TEST_F(Cost, OfIdealConvertersIsSaidNotToCompare) {
  const std::string both =
      "\nIdeal DACs and ADCs (periphery.dac and periphery.adc) cost no energy, time or area here: "
      "such costs are not those of a chip, and not to be compared with costs of one that has "
      "them.\n";
  const Result none =
      ohmic({"cost", file_, "--set", "periphery.dac=ideal", "--set", "periphery.adc=ideal"});
  EXPECT_NE(none.out.find(both), std::string::npos) << none.out;
  const Result no_adc = ohmic({"cost", file_, "--set", "periphery.adc=ideal"});
  EXPECT_NE(no_adc.out.find("\nIdeal ADCs (periphery.adc) cost no energy"), std::string::npos)
      << no_adc.out;
  EXPECT_EQ(ohmic({"cost", file_}).out.find("Ideal"), std::string::npos);
}

// Values are shown by what the file gives, so that rows stay short.
TEST_F(Cost, OfIdealConvertersIsOnNoFrontWithOthers) {
  const Result swept =
      run({"--set", "cost={}", "--set", "sweep.periphery.adc=[\"ideal\", {bits = 4}, {bits = 8}]"});
  ASSERT_EQ(swept.status, 0) << swept.err;
  const std::string table = swept.out.substr(swept.out.find("Per image:"));
  std::istringstream lines(table);
  std::string line, ideal;
  while (std::getline(lines, line) && line.find("Front:") == std::string::npos) {
    EXPECT_LT(line.size(), 130u) << line;
    if (line.find(" ideal ") != std::string::npos) ideal = line;
  }
  EXPECT_TRUE(ideal.ends_with(" -")) << table;
  EXPECT_NE(table.find("{ bits = 4 }"), std::string::npos) << table;
  const std::string note =
      "; - not compared, as it lacks converters that others pay for. Ideal ADCs (periphery.adc) "
      "cost no energy";
  EXPECT_NE(table.find(note), std::string::npos) << table;
  EXPECT_NE(in_run("report.html").find(note), std::string::npos);
}

TEST_F(Cost, CsvRowsAddUp) {
  const Result result = ohmic({"cost", file_, "--csv", "--set", "cost.adc_pJ=2"});
  ASSERT_EQ(result.status, 0) << result.err;
  const Table rows = rows_of(result.out);
  ASSERT_EQ(rows.size(), 9u);  // conv1, six in blocks, linear, total
  const auto& total = rows.back();
  EXPECT_EQ(total.at("layer"), "total");
  for (const char* key : {"tiles", "devices", "mvms", "macs", "adc_conversions", "energy_nJ",
                          "latency_us", "area_mm2"}) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) sum += std::stod(rows[i].at(key));
    EXPECT_NEAR(std::stod(total.at(key)), sum, 1e-9 * sum) << key;
  }
  double parts = 0;
  for (const auto& [key, value] : total)
    if (key.starts_with("energy_") && key != "energy_nJ") parts += std::stod(value);
  EXPECT_NEAR(std::stod(total.at("energy_nJ")), parts, 1e-9 * parts);
  EXPECT_NEAR(std::stod(total.at("energy_adc_nJ")), 2e-3 * std::stod(total.at("adc_conversions")),
              1e-9);
}

TEST_F(Cost, MeasuredDriveIsBelowFullDrive) {
  const auto energy = [&](const std::string& drive) {
    const Result result =
        ohmic({"cost", file_, "--csv", "--set", "cost.mean_square_drive=" + drive});
    EXPECT_EQ(result.status, 0) << result.err;
    return std::stod(rows_of(result.out).back().at("energy_arrays_nJ"));
  };
  EXPECT_GT(energy("measured"), 0);
  EXPECT_LT(energy("measured"), energy("1"));
  EXPECT_NEAR(energy("0.25"), 0.25 * energy("1"), 1e-12);
}

TEST_F(Cost, OfASweepIsRefusedWithAChoice) {
  const Result result = ohmic({"cost", file_, "--set", "sweep.device.eta=[0.1,0.2]"});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("choose, for example --set device.eta=0.1"), std::string::npos)
      << result.err;
}

TEST_F(Cost, StandsBesideAccuracyAndComputesNoPointAgain) {
  const std::string sweep = "sweep.periphery.adc.bits=[4, 6]";
  ASSERT_EQ(run({"--set", sweep}).status, 0);
  EXPECT_EQ(rows_of(in_run("results.csv")).at(0).count("energy_nJ"), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "run" / "cost.csv"));
  const Result priced = run({"--set", sweep, "--set", "cost={}"});
  ASSERT_EQ(priced.status, 0) << priced.err;
  EXPECT_NE(priced.out.find(", 0 of them now in"), std::string::npos) << priced.out;
  EXPECT_NE(priced.out.find("Per image:"), std::string::npos);
  const Table rows = rows_of(in_run("results.csv"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_LT(std::stod(rows[0].at("energy_nJ")), std::stod(rows[1].at("energy_nJ")));
  EXPECT_EQ(rows[0].at("adc_conversions"), rows[1].at("adc_conversions"));
  const Table layers = rows_of(in_run("cost.csv"));
  ASSERT_EQ(layers.size(), 2u * 9);
  EXPECT_EQ(layers[8].at("energy_nJ"), rows[0].at("energy_nJ"));
  const std::string first = in_run("results.csv"), cost = in_run("cost.csv");
  ASSERT_EQ(run({"--set", sweep, "--set", "cost={}"}).status, 0);
  EXPECT_EQ(in_run("results.csv"), first);
  EXPECT_EQ(in_run("cost.csv"), cost);
}

TEST_F(Cost, ParetoStudyRunsOnASmallNetwork) {
  const std::string study = (test::source_folder() / "experiments" / "pareto.toml").string();
  std::vector<std::string> words{"run", study, "--out", run_folder()};
  const std::vector<std::string> changes{
      "data.name=synthetic",
      "data.normalize=none",
      "data.train_images=16",
      "data.test_images=10",
      "model.name=resnet8",
      "model.width=2",
      "model.weights=" + (folder_.path() / "weights.safetensors").string(),
      "evaluation.draws=2",
      "compute.threads=1",
      "sweep.mapping.tile=[[16, 16], [64, 64]]",
      "sweep.periphery.adc.bits=[4, 8]"};
  for (const std::string& change : changes) {
    words.push_back("--set");
    words.push_back(change);
  }
  const Result result = ohmic(words);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("\nPer image:\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("*\n"), std::string::npos) << result.out;
  for (const char* part : {"<h2>Cost</h2>", "energy (nJ)", "Accuracy against energy per image",
                           "Parts of the energy:", "drivers, DACs (%)", "Parts of the area:"})
    EXPECT_NE(in_run("report.html").find(part), std::string::npos) << part;
  EXPECT_NE(in_run("figures/pareto.gp").find("$p0s1 << EOD\n"), std::string::npos);
}

// What a budget's answer costs is what `ohmic cost` says of that chip, and every value that was
// looked at has its own.
TEST_F(Cost, StandsBesideABudgetOfBits) {
  const std::string budget =
      "[budget]\nlimit = 0.0\nmax_draws = 1\n[budget.find]\nknob = \"periphery.adc.bits\"\n"
      "range = [4, 8]\nscale = \"linear\"\ntolerate = \"fewest\"\n";
  const std::string file = folder_.write("budget.toml", test::bytes_of(file_) + budget).string();
  const auto asked = [&](const std::string& cost) {
    const Result result = ohmic({"budget", file, "--out", run_folder(), "--set", "cost=" + cost});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out;
  };
  EXPECT_EQ(asked("none").find("energy there"), std::string::npos);
  EXPECT_EQ(rows_of(in_run("budget.csv")).at(0).count("energy_nJ"), 0u);
  EXPECT_NE(asked("{}").find("energy there (nJ)"), std::string::npos);
  const auto of_bits = [&](const std::string& bits) {
    return rows_of(ohmic({"cost", file_, "--csv", "--set", "periphery.adc.bits=" + bits}).out)
        .back();
  };
  const auto answer = rows_of(in_run("budget.csv")).at(0);
  EXPECT_EQ(answer.at("tolerated"), "4");
  for (const char* column : {"energy_nJ", "latency_us", "area_mm2"})
    EXPECT_EQ(answer.at(column), of_bits("4").at(column)) << column;
  const Table probes = rows_of(in_run("budget_probes.csv"));
  ASSERT_EQ(probes.size(), 2u);
  for (const auto& probe : probes)
    EXPECT_EQ(probe.at("energy_nJ"), of_bits(probe.at("value")).at("energy_nJ"));
  EXPECT_NE(probes[0].at("energy_nJ"), probes[1].at("energy_nJ"));
  EXPECT_NE(in_run("report.html").find("energy there (nJ)"), std::string::npos);
}

/// Designs of a sweep with these energies and right answers of 100.
struct Swept {
  Swept(const std::string& toml, std::vector<std::pair<double, std::int64_t>> measured)
      : points(expand(parse_toml(toml, "test.toml"))),
        results(measured.size()),
        costs(measured.size()) {
    for (std::size_t i = 0; i < measured.size(); ++i) {
      results[i].images = 100;
      results[i].baseline_score = 90;
      for (const int d : {-1, 0, 1})
        results[i].draws.push_back({{static_cast<double>(measured[i].second + d)}, {}});
      costs[i].total.energy_pJ.adc = 1000 * measured[i].first;
      all.push_back({&points[i], &results[i], &costs[i]});
    }
  }
  std::vector<Point> points;
  std::vector<PointResult> results;
  std::vector<NetworkCost> costs;
  std::vector<MeasuredPoint> all;
};

constexpr char kDesigns[] =
    "[sweep]\nmapping.tile = [[64, 64], \"unlimited\"]\nperiphery.adc = [{bits = 4}, {bits = 5}]\n";

TEST(Designs, AreMarkedWhereNoneIsBetterAndCheaper) {
  const Swept s(kDesigns, {{10, 50}, {20, 80}, {15, 40}, {30, 80}});
  std::vector<OnFront> front;
  for (const PricedPoint& d : priced_points(s.all)) front.push_back(d.front);
  EXPECT_EQ(front, (std::vector<OnFront>{OnFront::yes, OnFront::yes, OnFront::no, OnFront::maybe}))
      << "the last is not surely worse than the second";
  EXPECT_EQ(priced_points(s.all)[1].cost.energy_nJ, 20);
  EXPECT_NEAR(priced_points(s.all)[1].value.mean, 0.8, 1e-12);
  const std::string text = pareto_text(priced_points(s.all));
  EXPECT_NE(text.find("80.00 ± 2.48"), std::string::npos) << text;  // t(0.975, 2) / sqrt(3)
  EXPECT_EQ(std::count(text.begin(), text.end(), '*'), 3) << "two and the legend";
  EXPECT_EQ(std::count(text.begin(), text.end(), '~'), 2);
}

// The cheapest and best has no converter to pay: the rest are compared without it.
TEST(Designs, WithoutConvertersAreComparedAmongThemselvesAlone) {
  const auto marks = [](const std::string& adc) {
    const Swept s("[sweep]\nperiphery.adc = [" + adc + "]\n", {{1, 90}, {20, 80}, {15, 40}});
    std::string all;
    for (const PricedPoint& d : priced_points(s.all)) all += front_mark(d.front) + std::string(" ");
    return all;
  };
  EXPECT_EQ(marks("\"ideal\", { bits = 6 }, { bits = 5 }"), "- * * ");
  EXPECT_EQ(marks("{ bits = 4 }, { bits = 6 }, { bits = 5 }"), "*   ");
  const Swept ideal("[sweep]\nmapping.tile = [[64, 64], [32, 32]]\n", {{1, 90}, {20, 80}});
  EXPECT_EQ(priced_points(ideal.all)[0].front, OnFront::yes);
}

TEST(Designs, FigureHoldsASeriesPerArrayAndTheFront) {
  const Swept s(kDesigns, {{10, 50}, {20, 80}, {15, 40}, {30, 80}});
  ASSERT_TRUE(has_pareto_figure(priced_points(s.all)));
  const std::string script = pareto_figure(priced_points(s.all)).script;
  EXPECT_NE(script.find("$p0s2 << EOD\n15 40 37.51586229 42.48413771\n30 80 "), std::string::npos)
      << script;
  EXPECT_NE(script.find("$p0s0 << EOD\n10 50 50 50\n20 80 80 80\nEOD"), std::string::npos)
      << script;
  EXPECT_NE(script.find("title 'tile = [64, 64]'"), std::string::npos) << script;
  EXPECT_NE(script.find("set xlabel 'energy per image (nJ)'"), std::string::npos);
  EXPECT_EQ(pareto_labels(priced_points(s.all)), "ADC bits");
  EXPECT_FALSE(has_pareto_figure({}));
  EXPECT_FALSE(has_pareto_figure(priced_points({s.all[0]})));
}

}  // namespace
}  // namespace ohmic
