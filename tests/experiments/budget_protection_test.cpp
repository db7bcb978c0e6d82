// [budget.protection] on a network of three layers, against every configuration measured by itself.
#include <gtest/gtest.h>

#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

const std::map<std::string, double> kDevices{{"0", 2 * 84}, {"4", 2 * 960}, {"9", 2 * 64}};
constexpr double kAllDevices = 2 * (84 + 960 + 64);

class BudgetProtection : public test::BudgetRun {
 protected:
  /// Mean accuracy with these layers exact, as `ohmic run` measures it.
  double accuracy(const std::vector<std::string>& exact, int draws, int first_draw) const {
    Value root = test::waves("eta = 0.5\n[evaluation]\ndraws = " + std::to_string(draws) +
                             "\nfirst_draw = " + std::to_string(first_draw) + "\n");
    for (const std::string& layer : exact)
      root.set("device.layers." + layer + ".model", {std::string("ideal")});
    return std::stod(test::columns_of(swept_csv(root)).at("accuracy").at(0));
  }
};

TEST_F(BudgetProtection, TakesWhatRegainsMostPerDeviceAndMeasuresItAnew) {
  run(test::waves("eta = 0.5\n[budget.protection]\nshare = 1\ndraws = 3\nverify_draws = 4\n"));
  auto t = table("protection.csv");
  ASSERT_GE(t["layer"].size(), 2u);
  std::vector<std::string> exact;
  double devices = 0;
  for (std::size_t s = 0;; ++s) {
    EXPECT_NEAR(std::stod(t["search_accuracy"][s]), accuracy(exact, 3, 0), 1e-9);
    EXPECT_NEAR(std::stod(t["accuracy"][s]), accuracy(exact, 4, 1'000'000), 1e-9);
    EXPECT_NEAR(std::stod(t["share"][s]), devices / kAllDevices, 1e-9);
    std::map<double, std::string> per_device;
    for (const auto& [layer, count] : kDevices) {
      if (std::ranges::count(exact, layer) > 0) continue;
      auto more = exact;
      more.push_back(layer);
      per_device[(accuracy(more, 3, 0) - accuracy(exact, 3, 0)) / count] = layer;
    }
    if (s + 1 == t["layer"].size()) {
      EXPECT_TRUE(per_device.empty() || per_device.rbegin()->first <= 0);
      break;
    }
    exact.push_back(per_device.rbegin()->second);
    devices += kDevices.at(exact.back());
    EXPECT_EQ(t["layer"][s + 1], exact.back());
  }
}

TEST_F(BudgetProtection, HoldsTheOnlyNoisyLayerAndNoOther) {
  const std::string noisy = "eta = 0.0\n[device.layers.0]\neta = 1.0\n";
  const std::string text =
      run(test::waves(noisy + "[budget.protection]\ndraws = 2\nverify_draws = 3\n")).text;
  auto t = table("protection.csv");
  ASSERT_EQ(t["layer"], (std::vector<std::string>{"", "0"}));
  EXPECT_EQ(t["accuracy"][1], t["noise_free"][1]);
  EXPECT_LT(std::stod(t["accuracy"][0]), std::stod(t["noise_free"][0]));
  EXPECT_EQ(t["regained"][0], "");
  EXPECT_NEAR(std::stod(t["regained"][1]),
              std::stod(t["accuracy"][1]) - std::stod(t["accuracy"][0]), 1e-9);
  EXPECT_NE(text.find("no other layer that there is room for regains"), std::string::npos) << text;
}

TEST_F(BudgetProtection, KeepsToItsShare) {
  run(test::waves("eta = 0.5\n[budget.protection]\nshare = 0.1\ndraws = 2\nverify_draws = 2\n"));
  auto t = table("protection.csv");
  ASSERT_EQ(t["layer"].size(), 2u);
  for (const std::string& share : t["share"]) EXPECT_LE(std::stod(share), 0.1);
}

TEST_F(BudgetProtection, SaysThatNoLayerFits) {
  const std::string text = run(test::waves("eta = 0.5\n[budget.protection]\nshare = 0.01\ndraws = "
                                           "2\nverify_draws = 2\n"))
                               .text;
  EXPECT_NE(text.find("no layer can be held exactly: the smallest has 5.8 % of the devices, and "
                      "budget.protection.share leaves room for 1 %."),
            std::string::npos)
      << text;
}

TEST_F(BudgetProtection, RefusesNoiseBesideCrossbars) {
  EXPECT_NE(test::budget_error(test::waves("[noise]\nsemantics = \"trainable\"\n"
                                           "[budget.protection]\n"))
                .find("budget.protection: counts the noise of crossbars alone"),
            std::string::npos);
}

}  // namespace
}  // namespace ohmic
