// Key (11, draw); see expect_published_moments for sample and false-alarm rate.
#include <numbers>

#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::expect_published_moments;
using test::Expected;
using test::make_device;
using test::sample;

double phi(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// E exp(-L |mu + sigma xi|): moment generating function of the folded normal distribution.
double mean_decay(double mu, double sigma, double L) {
  const double half = 0.5 * sigma * sigma * L * L;
  return std::exp(half - mu * L) * phi(mu / sigma - sigma * L) +
         std::exp(half + mu * L) * phi(-mu / sigma - sigma * L);
}

// Moments of (G_T + sigma_p xi) exp(-L nu), programming and drift independent.
Expected drifted(double target_S, double sigma_p_S, double mu, double sigma, double L) {
  if (L == 0) return {target_S, sigma_p_S};
  const double mean = target_S * mean_decay(mu, sigma, L);
  const double square =
      (target_S * target_S + sigma_p_S * sigma_p_S) * mean_decay(mu, sigma, 2 * L);
  return {mean, std::sqrt(square - mean * mean)};
}

double clip(double low, double x, double high) { return std::min(std::max(x, low), high); }

Expected pcm(double target_S, double age_s, double sigma_p_uS) {
  const double r = target_S / 25e-6;
  return drifted(target_S, sigma_p_uS * 1e-6, clip(0.049, -0.0155 * std::log(r) + 0.0244, 0.1),
                 clip(0.008, -0.0125 * std::log(r) - 0.0059, 0.045), std::log((age_s + 20) / 20));
}

const std::vector<double> kTargets_S{5e-6, 8e-6, 12e-6, 18e-6, 25e-6};
const std::vector<double> kAges_s{0, 3600, 3.15e7};

TEST(Pcm, FollowsNandakumarsMoments) {
  expect_published_moments(*make_device("model = \"pcm\""), kTargets_S, kAges_s,
                           [](double target_S, double age_s) {
                             const double r = target_S / 25e-6;
                             return pcm(target_S, age_s, 0.26348 + 1.9650 * r - 1.1731 * r * r);
                           });
}

TEST(Pcm, FollowsJoshisMoments) {
  expect_published_moments(*make_device("model = \"pcm\"\nfit = \"joshi\""), kTargets_S, kAges_s,
                           [](double target_S, double age_s) {
                             const double g = target_S * 1e6;
                             return pcm(target_S, age_s,
                                        0.28638599 + 0.07585724 * g - 0.00178767 * g * g);
                           });
}

// Without programming error each device follows ((t + t_0)/t_0)^-nu with one nu at all ages.
TEST(PcmDrift, FollowsOnePowerLawPerDevice) {
  const auto device = make_device("model = \"pcm\"\nprogramming_scale = 0.0");
  const auto hour = sample(*device, 10e-6, 3600, 1000).G_S;
  const auto year = sample(*device, 10e-6, 3.15e7, 1000).G_S;
  for (std::size_t i = 0; i < hour.size(); ++i) {
    const double nu = -std::log(hour[i] / 10e-6) / std::log(3620.0 / 20);
    ASSERT_GE(nu, 0);
    ASSERT_NEAR(year[i] / 10e-6, std::pow((3.15e7 + 20) / 20, -nu), 1e-12);
  }
}

TEST(PcmDrift, LeavesTheProgrammingDrawAloneWhenSwitchedOff) {
  const auto with = sample(*make_device("model = \"pcm\""), 10e-6, 0, 100).G_S;
  const auto off = sample(*make_device("model = \"pcm\"\ndrift_scale = 0.0"), 10e-6, 1e6, 100).G_S;
  EXPECT_EQ(with, off);
}

// At 1 hour and r = 0.4: Q = 0.0088/0.4^0.65 = 0.015965, sqrt(ln(3620.00000025/5e-7)) = 4.7645.
TEST(PcmRead, MatchesAWorkedExample) {
  const auto device = make_device("model = \"pcm\"\nprogramming_scale = 0.0\ndrift_scale = 0.0");
  const double sigma_S = sample(*device, 10e-6, 3600, 1).read_sigma_S[0];
  EXPECT_NEAR(sigma_S / 10e-6, 0.015965 * 4.7645, 1e-5);
}

TEST(PcmRead, IsCappedForLowStates) {
  const auto device = make_device("model = \"pcm\"\nprogramming_scale = 0.0\ndrift_scale = 0.0");
  const double target_S = 25e-6 * 1e-3;
  const double root = std::sqrt(std::log((20 + 250e-9) / 500e-9));
  EXPECT_NEAR(sample(*device, target_S, 0, 1).read_sigma_S[0] / target_S, 0.2 * root, 1e-12);
}

double hermes_mu(double r) {
  return r < 0.0945 ? clip(0.072, -0.0387 * std::log(r) - 0.0182, 0.13)
                    : -0.0436 * r * r - 0.0126 * r + 0.0736;
}

TEST(PcmHermes, FollowsItsMomentsWithOneDevice) {
  expect_published_moments(
      *make_device("model = \"pcm_hermes\""), {1.5e-6, 2.5e-6, 4e-6, 7e-6, 10.35e-6}, kAges_s,
      [](double target_S, double age_s) {
        const double r = target_S / 10.35e-6;
        const double sigma_p =
            0.15781817 + 2.32443916 * r - 2.16310839 * r * r + 0.68841818 * r * r * r;
        const double sigma = r < 0.3039 ? clip(0.0124, -0.0120 * std::log(r) - 0.0023, 0.04)
                                        : -0.0165 * r * r + 0.0116 * r + 0.0104;
        return drifted(target_S, sigma_p * 1e-6, hermes_mu(r), sigma,
                       std::log((age_s + 200) / 200));
      });
}

TEST(PcmHermes, FollowsItsMomentsWithTwoDevices) {
  expect_published_moments(
      *make_device("model = \"pcm_hermes\"\ndevices = 2\ng_max_S = 20.7e-6"),
      {5e-6, 7e-6, 10e-6, 14e-6, 20.7e-6}, kAges_s, [](double target_S, double age_s) {
        const double r = target_S / 20.7e-6;
        const double sigma_p =
            0.16603222 + 4.71806468 * r - 8.48101252 * r * r + 4.68961419 * r * r * r;
        const double sigma = r < 0.3055 ? clip(0.0091, -0.0117 * std::log(r) - 0.0057, 0.04)
                                        : -0.0118 * r * r + 0.0093 * r + 0.0073;
        return drifted(target_S, sigma_p * 1e-6, hermes_mu(r), sigma,
                       std::log((age_s + 300) / 300));
      });
}

// r = 0.5, one device: Q = 0.0664/8 - 0.1352/4 + 0.0768/2 + 0.0088 = 0.0217.
TEST(PcmHermes, ReadNoiseMatchesAWorkedExample) {
  const auto device =
      make_device("model = \"pcm_hermes\"\nprogramming_scale = 0.0\ndrift_scale = 0.0");
  const double root = std::sqrt(std::log((200 + 512e-9) / (2 * 512e-9)));
  EXPECT_NEAR(sample(*device, 5.175e-6, 0, 1).read_sigma_S[0], 5.175e-6 * 0.0217 * root, 1e-12);
}

}  // namespace
}  // namespace ohmic
