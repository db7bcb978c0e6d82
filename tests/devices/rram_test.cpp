// Key (11, draw); see expect_published_moments for sample and false-alarm rate.
#include "devices/rram_milo_curve.hpp"
#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::expect_published_moments;
using test::Expected;
using test::make_device;
using test::sample;

constexpr double kDay_s = 86400;

double quartic(const double (&c)[5], double r) {
  return c[0] + r * (c[1] + r * (c[2] + r * (c[3] + r * c[4])));
}

TEST(RramWan, FollowsItsRelaxation) {
  const double second[] = {0.348, 16.030, -43.853, 45.393, -16.815};
  const double day[] = {0.701, 22.086, -50.773, 47.095, -16.458};
  const double two_days[] = {0.782, 20.274, -43.507, 37.062, -11.934};
  expect_published_moments(*make_device("model = \"rram_wan\""),
                           {14e-6, 20e-6, 28e-6, 34e-6, 40e-6}, {1, kDay_s, 2 * kDay_s},
                           [&](double target_S, double age_s) {
                             const auto& c = age_s < 2 ? second : age_s < 1e5 ? day : two_days;
                             return Expected{target_S, 1e-6 * quartic(c, target_S / 40e-6)};
                           });
}

TEST(RramWan, InterpolatesInTheLogarithmOfTime) {
  const auto device = make_device("model = \"rram_wan\"\nclip = \"none\"");
  const double at_1 = sample(*device, 20e-6, 1, 1).G_S[0] - 20e-6;
  const double at_root = sample(*device, 20e-6, std::sqrt(kDay_s), 1).G_S[0] - 20e-6;
  const double at_day = sample(*device, 20e-6, kDay_s, 1).G_S[0] - 20e-6;
  EXPECT_NEAR(at_root, 0.5 * (at_1 + at_day), 1e-18);
}

// The factor is g_max/40 uS: at g_max = 20 uS and the same r, half the spread.
TEST(RramWan, ScalesWithTheLargestConductance) {
  const auto full = make_device("model = \"rram_wan\"\nclip = \"none\"");
  const auto half = make_device("model = \"rram_wan\"\nclip = \"none\"\ng_max_S = 20e-6");
  EXPECT_NEAR(sample(*half, 10e-6, 1, 1).G_S[0] - 10e-6,
              0.5 * (sample(*full, 20e-6, 1, 1).G_S[0] - 20e-6), 1e-18);
}

TEST(RramWan, FollowsTheSingleCurve) {
  expect_published_moments(
      *make_device("model = \"rram_wan\"\nfit = \"single\""), {12e-6, 18e-6, 25e-6, 32e-6, 39e-6},
      {1, 3600, kDay_s}, [](double target_S, double) {
        const double g = target_S * 1e6;
        return Expected{target_S,
                        1e-6 * (1.536e-4 * g * g * g - 1.167e-2 * g * g + 0.2374 * g + 1.053)};
      });
}

TEST(RramMilo, FollowsItsMoments) {
  expect_published_moments(
      *make_device("model = \"rram_milo\""), {50e-6, 100e-6, 150e-6, 200e-6, 225e-6}, {0, 1, 3600},
      [](double target_S, double) {
        return Expected{target_S, 1e-6 * (-0.009107 * target_S * 1e6 + 4.782321)};
      });
}

// G = 100 uS: x = -4, NL2 = -8.8832e-3 + 24.656e-3 - 22.844e-3 + 7.063e-3 = -8.2e-6 A/V^2,
// NL3 = 1.41936e-3 - 2.71676e-3 + 1.2968e-3 = -6e-7 A/V^3.
TEST(RramMiloCurve, MatchesAWorkedExample) {
  const double G_S[] = {1e-4, 1e-4}, volts[] = {0.5, -0.5};
  double current_A[2], slope_S[2];
  RramMiloCurve().evaluate(G_S, volts, current_A, slope_S);
  EXPECT_NEAR(current_A[0], 50e-6 - 8.2e-6 / 4 - 6e-7 / 8, 1e-12);
  EXPECT_NEAR(current_A[1], -current_A[0], 1e-18);
  EXPECT_NEAR(slope_S[0], 1e-4 - 8.2e-6 - 3 * 6e-7 / 4, 1e-12);
}

TEST(RramMiloCurve, StaysInProportionBeyondItsFit) {
  const double G_S[] = {0.0, 1e-5, 5e-5, 2.25e-4, 4.5e-4};
  double a[5], b[5];
  RramMiloCurve().coefficients(G_S, a, b);
  EXPECT_EQ(a[0], 0.0);
  EXPECT_DOUBLE_EQ(a[1], a[2] / 5);
  EXPECT_DOUBLE_EQ(b[4], 2 * b[3]);
}

TEST(RramMilo, IsOhmicUnlessAVoltageIsGiven) {
  EXPECT_FALSE(make_device("model = 'rram_milo'")->non_linear());
  const auto cells = make_device("model = 'rram_milo'\nv_read_V = 0.3")->non_linear();
  ASSERT_TRUE(cells);
  EXPECT_EQ(cells->full_scale_V, 0.3);
  EXPECT_THROW(make_device("model = 'rram_milo'\nv_read_V = 0.6"), ConfigError);
}

Expected cmo(double target_S, double age_s, double sigma_p) {
  const double g = target_S * 1e6;
  if (age_s < 1) return {target_S, 1e-6 * sigma_p};
  const double relaxed = 0.04201137 * std::log(age_s) + 0.41183342;
  return {1e-6 * (g - 0.08900206 * std::log(age_s)), 1e-6 * std::hypot(sigma_p, relaxed)};
}

TEST(RramCmo, FollowsItsMoments) {
  for (const bool fine : {true, false})
    expect_published_moments(
        *make_device(std::string("model = \"rram_cmo\"\nclip = \"none\"\nacceptance = \"") +
                     (fine ? "0.2%\"" : "2%\"")),
        {9e-6, 30e-6, 50e-6, 70e-6, 88.2e-6}, {0, 3600, 3.15e7},
        [&](double target_S, double age_s) {
          const double g = target_S * 1e6;
          return cmo(target_S, age_s,
                     fine ? 0.00081107 + 0.00106879 * g : 0.0112185391 + 0.01129027418 * g);
        });
}

TEST(RramCmo, ReadNoiseMatchesAWorkedExample) {
  const auto device =
      make_device("model = \"rram_cmo\"\nprogramming_scale = 0.0\ndrift_scale = 0.0");
  const double expected_uS = 0.0277316483 * std::log10(50.0) * std::sqrt(std::log(3600e6 / 2));
  EXPECT_NEAR(sample(*device, 50e-6, 3600, 1).read_sigma_S[0], 1e-6 * expected_uS, 1e-13);
  EXPECT_EQ(sample(*device, 50e-6, 0, 1).read_sigma_S[0], 0);
}

TEST(Sonos, FollowsItsMoments) {
  const auto sigma_nA = [](double I, double A, double B) { return A * (1 - std::exp(-I / B)); };
  expect_published_moments(*make_device("model = \"sonos\""), {4e-6, 8e-6, 16e-6, 24e-6, 32e-6},
                           {0, kDay_s, 5 * kDay_s}, [&](double target_S, double age_s) {
                             const double I = target_S * 0.1 * 1e9;
                             const double sigma = age_s < 1     ? sigma_nA(I, 19.887, 176.31)
                                                  : age_s < 1e5 ? sigma_nA(I, 25.591, 186.855)
                                                                : sigma_nA(I, 34.579, 207.343);
                             return Expected{target_S, sigma * 1e-9 / 0.1};
                           });
}

TEST(Sonos, HoldsItsSpreadAfterFiveDays) {
  const auto device = make_device("model = \"sonos\"");
  EXPECT_EQ(sample(*device, 8e-6, 5 * kDay_s, 10).G_S, sample(*device, 8e-6, 50 * kDay_s, 10).G_S);
}

TEST(Sonos, RefusesCurrentsBeyondItsFit) {
  EXPECT_THROW(make_device("model = \"sonos\"\nv_read_V = 0.2"), ConfigError);
}

}  // namespace
}  // namespace ohmic
