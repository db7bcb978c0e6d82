// The analyses of single layers on a network of two filters that is trained here.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <sstream>

#include "experiments/budget/allocation.hpp"
#include "experiments/budget/noisy_layers.hpp"
#include "experiments/run/run.hpp"
#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

Value tiny(const std::string& more) {
  return test::tiny_experiment(256, 2, 3, "model = \"awgn\"\n" + more);
}

class BudgetOfLayers : public test::BudgetRun {
 protected:
  BudgetOutcome run(const std::string& more) const { return BudgetRun::run(tiny(more)); }
};

std::vector<double> numbers(const std::vector<std::string>& texts) {
  std::vector<double> values;
  for (const std::string& text : texts) values.push_back(std::stod(text));
  return values;
}

std::string error_of(const std::string& more) { return test::budget_error(tiny(more)); }

Experiment experiment_of(const std::string& more) { return expand(tiny(more)).front().experiment; }

TEST(LayerNoiseConfigurations, LeaveTheirOtherLayersExact) {
  const Experiment e =
      experiment_of("eta = 0.2\ng_max_S = 5e-5\n[device.layers.linear]\neta = 0.3\n");
  const LayerDevices only = noise_only_in(e, "layer2.0.conv1").devices();
  EXPECT_EQ(only.of("layer2.0.conv1").form_factor(), 0.2);
  EXPECT_EQ(only.of("layer2.0.conv1").g_max_S, 5e-5);
  EXPECT_LT(only.of("conv1").form_factor(), 0);  // ideal
  EXPECT_LT(only.of("linear").form_factor(), 0);
  EXPECT_EQ(only.of("conv1").g_max_S, 5e-5);
  const LayerDevices but = noise_in_all_but(e, "layer2.0.conv1").devices();
  EXPECT_LT(but.of("layer2.0.conv1").form_factor(), 0);
  EXPECT_EQ(but.of("conv1").form_factor(), 0.2);
  EXPECT_EQ(but.of("linear").form_factor(), 0.3);
}

TEST(LayerNoiseConfigurations, HoldForLayersOfAPattern) {
  const Experiment e = experiment_of("eta = 0.2\n[device.layers.\"layer2.*\"]\neta = 0.3\n");
  const LayerDevices only = noise_only_in(e, "layer2.0.conv1").devices();
  EXPECT_EQ(only.of("layer2.0.conv1").form_factor(), 0.3);
  EXPECT_LT(only.of("layer2.0.conv2").form_factor(), 0);
  EXPECT_LT(only.of("conv1").form_factor(), 0);
  const LayerDevices but = noise_in_all_but(e, "layer2.0.conv1").devices();
  EXPECT_LT(but.of("layer2.0.conv1").form_factor(), 0);
  EXPECT_EQ(but.of("layer2.0.conv2").form_factor(), 0.3);
  EXPECT_EQ(but.of("conv1").form_factor(), 0.2);
}

TEST(LayerNoiseConfigurations, GiveEachLayerItsEta) {
  const Experiment e =
      with_etas(experiment_of("eta = 0.2\n"), {"conv1", "layer1.0.conv2"}, {0.5, 0.7});
  EXPECT_EQ(e.devices().of("conv1").form_factor(), 0.5);
  EXPECT_EQ(e.devices().of("layer1.0.conv2").form_factor(), 0.7);
  EXPECT_EQ(e.devices().of("linear").form_factor(), 0.2);
}

TEST_F(BudgetOfLayers, SensitivityRanksEveryLayerOnce) {
  run("eta = 0.4\n[budget.sensitivity]\ndraws = 3\nsnr_images = 3\nimages = 10\n");
  auto t = table("sensitivity.csv");
  ASSERT_EQ(t["layer"].size(), 10u);  // 7 convolutions, 2 projections, dense
  EXPECT_EQ(std::set<std::string>(t["layer"].begin(), t["layer"].end()).size(), 10u);
  const auto lost = numbers(t["alone_loss"]), regained = numbers(t["regained"]);
  for (std::size_t l = 1; l < 10; ++l)
    EXPECT_LE(lost[l] + regained[l], lost[l - 1] + regained[l - 1] + 1e-9);
  // Layers that share a place are those whose intervals overlap: 3 draws tell few of 10 apart.
  const auto first = numbers(t["rank"]), last = numbers(t["rank_last"]);
  const auto mean_of = [&](const std::string& a, const std::string& b, std::size_t l) {
    return (std::stod(t[a][l]) + std::stod(t[b][l])) / 2;
  };
  for (std::size_t l = 0; l < 10; ++l) {
    double above = 0, below = 0;
    for (std::size_t k = 0; k < 10; ++k) {
      above +=
          mean_of("alone_loss_lo", "regained_lo", k) > mean_of("alone_loss_hi", "regained_hi", l);
      below +=
          mean_of("alone_loss_hi", "regained_hi", k) < mean_of("alone_loss_lo", "regained_lo", l);
    }
    EXPECT_EQ(first[l], 1 + above);
    EXPECT_EQ(last[l], 10 - below);
  }
  const auto shares = numbers(t["linear_share"]);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-6);
  // A layer behind noisy ones has the error of its inputs too.
  for (std::size_t l = 0; l < 10; ++l) {
    if (t["layer"][l] == "conv1") {
      EXPECT_EQ(t["snr_dB"][l], t["own_snr_dB"][l]);
    }
    if (t["layer"][l] == "linear") {
      EXPECT_LT(std::stod(t["snr_dB"][l]), std::stod(t["own_snr_dB"][l]));
    }
  }
}

TEST_F(BudgetOfLayers, SensitivityIsNotMeasuredTwice) {
  const std::string asked =
      "eta = 0.4\n[budget.sensitivity]\ndraws = 2\nsnr_images = 2\nimages = 5\n";
  run(asked);
  const std::string first = read_whole(folder_ / "sensitivity.csv");
  EXPECT_EQ(run(asked).new_draws, 0);
  EXPECT_EQ(read_whole(folder_ / "sensitivity.csv"), first);
}

TEST_F(BudgetOfLayers, PredictionStandsBesideMonteCarlo) {
  run("[budget.prediction]\nvalues = [0.0, 0.05]\ndraws = 4\nsamples = 200\n");
  auto t = table("prediction.csv");
  const auto measured = numbers(t["accuracy"]), predicted = numbers(t["predicted"]);
  EXPECT_NEAR(predicted[0], measured[0], 1e-9);  // without noise both are the network's own
  EXPECT_NEAR(predicted[1], measured[1], 0.15);
  EXPECT_EQ(t["baseline"][0], t["accuracy"][0]);
}

TEST_F(BudgetOfLayers, AnAllocationIsAnExperimentThatRuns) {
  run(R"([budget]
max_drop = 20
drop = "points"
max_draws = 12
[budget.allocation]
range = [0.01, 1]
steps = 8
verify_draws = 3
images = 20
)");
  auto t = table("allocation.csv");
  ASSERT_EQ(t["way"], (std::vector<std::string>{"uniform", "allocated"}));
  auto layers = table("allocation_layers.csv");
  ASSERT_EQ(layers["eta"].size(), 10u);
  const auto eta = numbers(layers["eta"]), cost = numbers(layers["cost_at_eta_1"]);
  double total = 0;
  for (std::size_t l = 0; l < eta.size(); ++l) total += cost[l] / (eta[l] * eta[l]);
  EXPECT_NEAR(total / std::stod(t["cost"][1]), 1, 1e-9);
  EXPECT_EQ(cost[0], 2.0 * 27 * 2);  // 3 x 3 x 3 rows, 2 columns, two devices each
  // The file gives the accuracy of the verification, draw by draw.
  Value root = read_toml(folder_ / "allocation.toml");
  RunOptions options;
  options.folder = folder_ / "run";
  const RunOutcome outcome = run_experiment(root, options);
  std::istringstream lines(read_whole(outcome.folder / "results.csv"));
  std::string head, images, draws, baseline, accuracy;
  std::getline(lines, head);
  ASSERT_EQ(head.rfind("images,draws,baseline,accuracy,", 0), 0u) << head;
  for (std::string* cell : {&images, &draws, &baseline, &accuracy}) std::getline(lines, *cell, ',');
  EXPECT_NEAR(std::stod(accuracy), std::stod(t["accuracy"][1]), 1e-12);
}

TEST(Verification, SaysWhatIsShown) {
  Replicates fresh{{1.0}, {{0.91}}, 1.0 / 500};
  EXPECT_EQ(verify({}, 0.9, 0.95), Verification::none);
  EXPECT_EQ(verify(fresh, 0.9, 0.95), Verification::none);
  // 10 draws of standard error 0.002; t(0.95, 9) = 1.833: shown to be above 0.9063.
  fresh.values.clear();
  for (int d = 0; d < 10; ++d) fresh.values.push_back({d % 2 ? 0.904 : 0.916});
  EXPECT_EQ(verify(fresh, 0.906, 0.95), Verification::passed);
  EXPECT_EQ(verify(fresh, 0.907, 0.95), Verification::open);
  EXPECT_EQ(verify(fresh, 0.914, 0.95), Verification::failed);
}

// Three draws that agree: 1 - 0.05^(1/3) = 0.63160 of an image of 500, 0.00126, stays open.
TEST(Verification, IsOpenWithinWhatDrawsThatAgreeCanHide) {
  const Replicates fresh{{1.0}, {{0.91}, {0.91}, {0.91}}, 1.0 / 500};
  EXPECT_EQ(verify(fresh, 0.9087, 0.95), Verification::passed);
  EXPECT_EQ(verify(fresh, 0.9088, 0.95), Verification::open);
  EXPECT_EQ(verify(fresh, 0.91, 0.95), Verification::open);
  EXPECT_EQ(verify(fresh, 0.9112, 0.95), Verification::open);
  EXPECT_EQ(verify(fresh, 0.9113, 0.95), Verification::failed);
}

TEST(BudgetOfLayersFaults, AreNamed) {
  EXPECT_NE(error_of("[noise]\nsemantics = \"trainable\"\n[budget.sensitivity]\n")
                .find("budget.sensitivity: counts the noise of crossbars alone"),
            std::string::npos);
  EXPECT_NE(error_of("[budget.prediction]\nknob = \"device.eat\"\n")
                .find("budget.prediction.knob: \"device.eat\" is no real number here"),
            std::string::npos);
  EXPECT_NE(error_of("reference = \"g_max\"\n[budget.allocation]\n")
                .find("budget.allocation: needs a device with a form factor eta"),
            std::string::npos);
}

}  // namespace
}  // namespace ohmic
