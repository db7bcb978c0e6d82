#include "mapping/conversions.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ohmic {
namespace {

// sigma_w = 0.05, w_max = 0.4 on 20 uS of range, differential: s = 0.02 per uS.
constexpr LayerScale kScale{0.05, 0.4, 0.4 / 20e-6, 2};

// eta = 0.1: sigma_noise = 0.005, per device 0.005 / (0.02 sqrt 2) uS, 2 w_max / (sqrt 12 0.005).
TEST(NoiseUnits, MatchAWorkedExample) {
  const NoiseUnits u = from_eta(0.1, kScale, 25e-6);
  EXPECT_DOUBLE_EQ(u.snr, 10);
  EXPECT_NEAR(u.snr_dB, 20, 1e-12);
  EXPECT_NEAR(u.sigma_G_uS, 0.25 / std::sqrt(2), 1e-12);
  EXPECT_NEAR(u.sigma_G_percent, 1 / std::sqrt(2), 1e-12);
  EXPECT_NEAR(u.bits, std::log2(0.8 / (std::sqrt(12) * 0.005)), 1e-12);
}

TEST(NoiseUnits, OfAQuantiserAreItsBits) {
  const double step = 2 * kScale.w_max / 32;
  const NoiseUnits u = from_eta(step / std::sqrt(12) / kScale.sigma_w, kScale, 25e-6);
  EXPECT_NEAR(u.bits, 5, 1e-12);
}

TEST(NoiseUnits, GoBothWays) {
  for (const double eta : {0.01, 0.05, 0.1, 0.5, 2.0}) {
    EXPECT_NEAR(eta_from_snr_dB(snr_dB_from_eta(eta)), eta, 1e-15);
    const NoiseUnits there = from_eta(eta, kScale, 25e-6);
    const NoiseUnits back = from_sigma_S(there.sigma_G_uS * 1e-6, kScale, 25e-6);
    EXPECT_NEAR(back.eta, eta, 1e-14);
    EXPECT_NEAR(back.bits, there.bits, 1e-12);
  }
}

TEST(NoiseUnits, DependOnTheDevicesOfACell) {
  LayerScale single = kScale;
  single.devices_per_weight = 1;
  EXPECT_NEAR(from_eta(0.1, single, 25e-6).sigma_G_uS,
              std::sqrt(2) * from_eta(0.1, kScale, 25e-6).sigma_G_uS, 1e-12);
}

}  // namespace
}  // namespace ohmic
