#include <algorithm>

#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::expect_published_moments;
using test::Expected;
using test::make_device;
using test::sample;

std::string stack(const std::string& entries) {
  return "model = \"stack\"\nmodels = [" + entries + "]\n";
}

std::string fault_of(const std::string& toml) {
  try {
    make_device(toml);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Stack, OfOneModelIsThatModel) {
  const auto alone = sample(*make_device("model = \"pcm\""), 10e-6, 3600, 100);
  const auto stacked = sample(*make_device(stack("{model = \"pcm\"}")), 10e-6, 3600, 100);
  EXPECT_EQ(alone.G_S, stacked.G_S);
  EXPECT_EQ(alone.read_sigma_S, stacked.read_sigma_S);
}

TEST(Stack, AppliesItsModelsInTurn) {
  const auto device =
      make_device(stack("{model = \"quantized\", bits = 1}, "
                        "{model = \"retention\", nu = 0.1}"));
  EXPECT_NEAR(sample(*device, 20e-6, std::exp(2), 1).G_S[0], 25e-6 * std::exp(-0.2), 1e-18);
}

TEST(Stack, GivesEachEntryNoiseOfItsOwn) {
  const std::string entry = "{model = \"awgn\", eta = 0.02, reference = \"g_max\"}";
  expect_published_moments(*make_device(stack(entry + ", " + entry)),
                           {5e-6, 8e-6, 12e-6, 18e-6, 25e-6}, {0, 10, 1000}, [](double G, double) {
                             return Expected{G, std::sqrt(2) * 0.02 * 25e-6};
                           });
}

TEST(Stack, LeavesOtherDrawsAloneWhenAnEntryIsSilenced) {
  const auto draw = [](const std::string& rate) {
    return sample(*make_device(
                      stack("{model = \"stuck\", min_rate = " + rate + "}, {model = \"pcm\"}")),
                  10e-6, 3600, 1000)
        .G_S;
  };
  const auto with = draw("0.1"), without = draw("0.0");
  std::size_t same = 0;
  for (std::size_t i = 0; i < with.size(); ++i) same += with[i] == without[i];
  EXPECT_GT(same, 850u);
  EXPECT_LT(same, 950u);
}

TEST(Stack, KeepsStuckCellsWhereTheyAreWhileOthersDrift) {
  const auto device = make_device(stack("{model = \"pcm\"}, {model = \"stuck\", max_rate = 0.1}"));
  const auto young = sample(*device, 10e-6, 0, 1000).G_S;
  const auto old = sample(*device, 10e-6, 1e6, 1000).G_S;
  for (std::size_t i = 0; i < young.size(); ++i) ASSERT_EQ(young[i] == 25e-6, old[i] == 25e-6);
  EXPECT_GT(std::count(old.begin(), old.end(), 25e-6), 50);
}

TEST(Stack, AddsReadNoiseInQuadrature) {
  const auto one = make_device("model = \"telegraph\"\namplitude = 0.1");
  const auto two =
      make_device(stack("{model = \"telegraph\", amplitude = 0.1}, "
                        "{model = \"telegraph\", amplitude = 0.1}"));
  const double first = sample(*one, 10e-6, 0, 1).read_sigma_S[0];
  EXPECT_NEAR(sample(*two, 10e-6, 0, 1).read_sigma_S[0], std::hypot(first, first * 0.95), 1e-18);
}

TEST(Stack, TakesItsRangeFromTheFirstModelUnlessGiven) {
  const std::string entries = "{model = \"rram_wan\"}, {model = \"quantized\"}";
  EXPECT_EQ(make_device(stack(entries))->g_max_S, 40e-6);
  EXPECT_EQ(make_device(stack(entries) + "g_max_S = 20e-6")->g_max_S, 20e-6);
  EXPECT_EQ(make_device("model = \"stack\"\ng_max_S = 20e-6\nmodels = [" + entries + "]")->g_max_S,
            20e-6);
}

TEST(Stack, NamesTheEntryThatIsWrong) {
  EXPECT_NE(fault_of(stack("{model = \"pcm\"}, {model = \"pcn\"}")).find("device.models[1].model"),
            std::string::npos);
  EXPECT_NE(fault_of(stack("{model = \"pcm\", time_s = 1.0}"))
                .find("device.models[0].time_s: belongs to the stack as a whole"),
            std::string::npos);
  EXPECT_NE(fault_of(stack("{model = \"stack\"}")).find("a stack cannot hold a stack"),
            std::string::npos);
}

TEST(Stack, BendsTheDevicesOfItsOtherEntries) {
  const std::string curve =
      "{ model = 'cell_curve', quadratic_per_V = 2, cubic_per_V2 = 3, v_read_V = 0.5 }";
  const auto cells =
      make_device("model = 'stack'\nmodels = [{ model = 'pcm' }, " + curve + "]")->non_linear();
  ASSERT_TRUE(cells);
  EXPECT_EQ(cells->full_scale_V, 0.5);
  const double G_S[] = {1e-5}, volts[] = {-0.5};
  double current_A[1], slope_S[1];
  cells->curve->evaluate(G_S, volts, current_A, slope_S);
  EXPECT_DOUBLE_EQ(current_A[0], -0.5 * 1e-5 * (1 + 1 + 0.75));
  EXPECT_DOUBLE_EQ(slope_S[0], 1e-5 * (1 + 2 + 2.25));
  EXPECT_THROW(make_device("model = 'stack'\nmodels = [" + curve + ", " + curve + "]"),
               ConfigError);
}

TEST(CellCurve, RefusesACurrentThatFalls) {
  // 1 - 2 V + 1.5 V^2 has no zero, 1 - 3 V + 1.5 V^2 has one at 0.42 V.
  const std::string rising = "model = 'cell_curve'\nv_read_V = 1\ncubic_per_V2 = 0.5\n";
  EXPECT_NO_THROW(make_device(rising + "quadratic_per_V = -1"));
  EXPECT_THROW(make_device(rising + "quadratic_per_V = -1.5"), ConfigError);
}

}  // namespace
}  // namespace ohmic
