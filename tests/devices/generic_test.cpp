// Models without a published fit, against their definitions. Key (11, draw); see
// expect_published_moments for sample and false-alarm rate.
#include <algorithm>

#include "tests/devices/device_test.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::expect_published_moments;
using test::Expected;
using test::make_device;
using test::moments;
using test::sample;

const std::vector<double> kTargets_S{5e-6, 8e-6, 12e-6, 18e-6, 25e-6};
const std::vector<double> kAges_s{0, 3600, 3.15e7};

TEST(Proportional, HasItsMoments) {
  expect_published_moments(*make_device("model = \"proportional\"\nstd_relative = 0.1"), kTargets_S,
                           kAges_s, [](double G, double) {
                             return Expected{G, 0.1 * G};
                           });
}

TEST(InverseProportional, HasItsMoments) {
  const auto device = make_device(
      "model = \"inverse_proportional\"\nstd_relative = 0.02\nfloor = 0.4\nclip = \"none\"");
  expect_published_moments(*device, kTargets_S, kAges_s, [](double G, double) {
    return Expected{G, 0.02 * 25e-6 * 25e-6 / std::max(G, 10e-6)};
  });
}

// An interval of +-2 uS has std 2/sqrt(3) uS, however its size is said.
TEST(Uniform, HasItsMomentsInAllThreeMeanings) {
  const double half = 2e-6 / 25e-6;
  const std::pair<const char*, double> cases[] = {
      {"half_width", half}, {"width", 2 * half}, {"std", half / std::sqrt(3)}};
  for (const auto& [meaning, size] : cases)
    expect_published_moments(*make_device(std::string("model = \"uniform\"\nmeaning = \"") +
                                          meaning + "\"\nsize = " + std::to_string(size)),
                             kTargets_S, kAges_s, [](double G, double) {
                               return Expected{G, 2e-6 / std::sqrt(3)};
                             });
}

TEST(Polynomial, HasItsMoments) {
  const auto device =
      make_device("model = \"polynomial\"\ncoefficients_uS = [0.3, 1.0, -0.5]\ng_max_S = 50e-6");
  expect_published_moments(*device, kTargets_S, kAges_s, [](double G, double) {
    const double r = G / 50e-6;
    return Expected{G, 2e-6 * (0.3 + r - 0.5 * r * r)};
  });
}

// 2 bits on [0, 30] uS: states at 0, 10, 20 and 30 uS.
TEST(Polynomial, HasAStdForMostConductances) {
  const auto fault = [](const std::string& coefficients) {
    return test::error_of<ConfigError>(
        [&] { make_device("model = \"polynomial\"\ncoefficients_uS = " + coefficients + "\n"); });
  };
  EXPECT_NE(
      fault("[0.5, -3.0]")
          .find("coefficients_uS: give a std below 0, which counts as 0, for 84 of 101 "
                "conductances from 0 to g_max_S; expected a polynomial of r = G/g_max_S that is 0 "
                "or more for most"),
      std::string::npos)
      << fault("[0.5, -3.0]");
  EXPECT_EQ(fault("[-0.1, 1.0]"), "") << "a fit that passes 0 at one end";
}

TEST(Quantized, TakesTheNearestState) {
  const auto device = make_device("model = \"quantized\"\nbits = 2\ng_max_S = 30e-6");
  const std::pair<double, double> cases[] = {{0, 0},         {4.9e-6, 0},    {5.1e-6, 10e-6},
                                             {19e-6, 20e-6}, {30e-6, 30e-6}, {40e-6, 30e-6}};
  for (const auto& [target_S, state_S] : cases)
    EXPECT_NEAR(sample(*device, target_S, 0, 1).G_S[0], state_S, 1e-18);
}

TEST(Quantized, IsRightOnAverageWithStochasticRounding) {
  const auto device =
      make_device("model = \"quantized\"\nbits = 2\ng_max_S = 30e-6\nrounding = \"stochastic\"");
  expect_published_moments(*device, {3e-6, 8e-6, 12e-6, 21e-6, 27e-6}, kAges_s,
                           [](double G, double) {
                             const double part = std::fmod(G, 10e-6) / 10e-6;
                             return Expected{G, 10e-6 * std::sqrt(part * (1 - part))};
                           });
}

TEST(Telegraph, HasItsMomentsWhenFrozen) {
  const auto device = make_device(
      "model = \"telegraph\"\namplitude = 0.2\noccupancy = 0.3\nredraw = \"programming\"");
  expect_published_moments(*device, kTargets_S, kAges_s, [](double G, double) {
    return Expected{G * (1 - 0.2 * 0.3), G * 0.2 * std::sqrt(0.3 * 0.7)};
  });
  EXPECT_FALSE(device->reads_noisily());
}

TEST(Telegraph, PutsTheSameMomentsInMeanAndReadNoiseWhenFast) {
  const auto device = make_device("model = \"telegraph\"\namplitude = 0.2\noccupancy = 0.3");
  const auto s = sample(*device, 10e-6, 0, 1);
  EXPECT_TRUE(device->reads_noisily());
  EXPECT_NEAR(s.G_S[0], 9.4e-6, 1e-18);
  EXPECT_NEAR(s.read_sigma_S[0], 10e-6 * 0.2 * std::sqrt(0.21), 1e-18);
}

// ln r is N(-nu L, (nu_std L)^2) exactly: log-normal moments.
TEST(Telegraph, OfTrapsThatAreAlwaysEmptyReadsWithoutNoise) {
  const auto reads_noisily = [](const char* occupancy) {
    return make_device(std::string("model = \"telegraph\"\namplitude = 0.1\noccupancy = ") +
                       occupancy + "\n")
        ->reads_noisily();
  };
  EXPECT_FALSE(reads_noisily("0.0"));
  EXPECT_FALSE(reads_noisily("1.0"));
  EXPECT_TRUE(reads_noisily("0.5"));
}

TEST(Retention, FollowsThePowerLawsMoments) {
  const auto device = make_device("model = \"retention\"\nnu = 0.05\nnu_std = 0.01\nt0_s = 20.0");
  expect_published_moments(*device, kTargets_S, {40, 3600, 3.15e7}, [](double G, double age_s) {
    const double L = std::log(age_s / 20), s2 = 1e-4 * L * L;
    const double mean = G * std::exp(-0.05 * L + s2 / 2);
    return Expected{mean, mean * std::sqrt(std::exp(s2) - 1)};
  });
}

TEST(Retention, FollowsTheLogarithmsMoments) {
  const auto device =
      make_device("model = \"retention\"\nlaw = \"logarithmic\"\nnu = 0.02\nnu_std = 0.004");
  expect_published_moments(*device, kTargets_S, {10, 3600, 1e6}, [](double G, double age_s) {
    return Expected{G * (1 - 0.02 * std::log(age_s)), G * 0.004 * std::log(age_s)};
  });
}

TEST(Retention, EndsExponentiallyAtItsEndState) {
  const auto device = make_device(
      "model = \"retention\"\nlaw = \"exponential\"\nnu = 1.0\nt0_s = 1000.0\ng_end_S = 5e-6");
  EXPECT_NEAR(sample(*device, 20e-6, 1000, 1).G_S[0], 5e-6 + 15e-6 * std::exp(-1), 1e-18);
  EXPECT_NEAR(sample(*device, 20e-6, 1e6, 1).G_S[0], 5e-6, 1e-18);
}

// E_a = 0.5 eV from 300 K to 350 K: exp(0.5/8.617333e-5 (1/300 - 1/350)) = 15.85 times as fast.
TEST(Retention, AgesFasterWhenHot) {
  const std::string law = "model = \"retention\"\nnu = 0.05\n";
  const auto cold = make_device(law);
  const auto hot = make_device(law + "temperature_K = 350.0\nactivation_eV = 0.5");
  const double factor = std::exp(0.5 / 8.617333262e-5 * (1.0 / 300 - 1.0 / 350));
  EXPECT_NEAR(factor, 15.85, 0.01);
  EXPECT_NEAR(sample(*hot, 10e-6, 1000, 1).G_S[0], sample(*cold, 10e-6, 1000 * factor, 1).G_S[0],
              1e-18);
}

TEST(Retention, ShiftsConductanceWithTemperature) {
  const auto device =
      make_device("model = \"retention\"\ntemperature_K = 320.0\nconductance_per_K = 0.001");
  EXPECT_NEAR(sample(*device, 10e-6, 0, 1).G_S[0], 10.2e-6, 1e-18);
  EXPECT_NEAR(sample(*device, 10e-6, 3600, 1).G_S[0], 10.2e-6, 1e-18);
}

}  // namespace
}  // namespace ohmic
