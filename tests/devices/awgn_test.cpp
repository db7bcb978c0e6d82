// Key (11, 0), 2^18 devices; bounds are five standard errors (false alarm 6e-7 each).
#include "tests/devices/device_test.hpp"

namespace ohmic {
namespace {

using test::make_device;
using test::Moments;
using test::moments;
using test::sample;

constexpr std::size_t kDevices = std::size_t{1} << 18;
const double kRoot = std::sqrt(static_cast<double>(kDevices));
// sigma_w = 0.05, w_max = 0.3 on 25 uS, differential: as in device_test.hpp.
constexpr double kWeightPerS = 0.3 / 25e-6;

Moments awgn(const std::string& parameters, double target_S = 10e-6) {
  const auto device = make_device("model = \"awgn\"\n" + parameters);
  return moments(sample(*device, target_S, 0, kDevices).G_S);
}

void expect_sigma(const Moments& m, double sigma_S) {
  EXPECT_NEAR(m.std, sigma_S, 5 * sigma_S / (kRoot * std::sqrt(2)));
  EXPECT_NEAR(m.mean, 10e-6, 5 * sigma_S / kRoot);
}

TEST(Awgn, OfAWeightsReferenceSpreadsItOverThePair) {
  expect_sigma(awgn("eta = 0.2"), 0.2 * 0.05 / (kWeightPerS * std::sqrt(2)));
  expect_sigma(awgn("eta = 0.2\nreference = \"w_max\""), 0.2 * 0.3 / (kWeightPerS * std::sqrt(2)));
}

TEST(Awgn, IsTheSameAtEveryConductanceAndAge) {
  test::expect_published_moments(
      *make_device("model = \"awgn\"\neta = 0.2"), {0, 5e-6, 10e-6, 18e-6, 25e-6},
      {0, 3600, 3.15e7}, [](double G, double) {
        return test::Expected{G, 0.2 * 0.05 / (kWeightPerS * std::sqrt(2))};
      });
}

TEST(Awgn, OfADevicesReferenceIsAFractionOfIt) {
  expect_sigma(awgn("eta = 0.02\nreference = \"g_max\"\ng_min_S = 5e-6"), 0.02 * 25e-6);
  expect_sigma(awgn("eta = 0.02\nreference = \"g_range\"\ng_min_S = 5e-6"), 0.02 * 20e-6);
}

// A device at the bound: rectified normal of mean sigma/sqrt(2 pi), std sigma sqrt(1/2 - 1/(2 pi)).
TEST(Awgn, ClipMakesAnIdleDeviceHalfNormal) {
  const double sigma_S = 0.02 * 25e-6;
  const Moments m = awgn("eta = 0.02\nreference = \"g_max\"\nclip = \"positive\"", 0.0);
  const double std_S = sigma_S * std::sqrt(0.5 - 0.5 / M_PI);
  EXPECT_NEAR(m.mean, sigma_S / std::sqrt(2 * M_PI), 5 * std_S / kRoot);
  EXPECT_NEAR(m.std, std_S, 5 * std_S / kRoot);
}

TEST(Awgn, HasAFormFactorOnlyOfTheWeightStd) {
  EXPECT_EQ(make_device("model = \"awgn\"\neta = 0.2")->form_factor(), 0.2);
  EXPECT_LT(make_device("model = \"awgn\"\neta = 0.2\nreference = \"g_max\"")->form_factor(), 0);
}

TEST(Awgn, RefusesEtaOutOfRange) {
  try {
    make_device("model = \"awgn\"\neta = -0.1");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("device.toml:2:7: error: device.eta"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace ohmic
