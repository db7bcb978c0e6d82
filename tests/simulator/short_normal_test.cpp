#include "simulator/random/short_normal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "simulator/random/short_noise.hpp"

namespace ohmic {
namespace {

double radius(std::uint32_t a) { return std::sqrt(-2 * std::log((a + 0.5) / 65536)); }

TEST(ShortNormal, IsBoxMullerOfItsBitsWithinTwentyPartsInAMillion) {
  for (std::uint32_t a = 0; a < 65536; ++a) {
    const NormalPair z = short_normal_pair(a << 16);
    ASSERT_NEAR(z.z0, radius(a), 2e-5 * radius(a)) << a;
    ASSERT_EQ(z.z1, 0) << a;
  }
  for (std::uint32_t b = 0; b < 65536; ++b) {
    const double theta = 2 * std::numbers::pi * b / 65536;
    const NormalPair z = short_normal_pair(1000u << 16 | b);
    ASSERT_NEAR(z.z0, radius(1000) * std::cos(theta), 2e-5 * radius(1000)) << b;
    ASSERT_NEAR(z.z1, radius(1000) * std::sin(theta), 2e-5 * radius(1000)) << b;
  }
}

TEST(ShortNormal, HasTheStatedMomentsOverAllItsWords) {
  // Radius and angle are independent, and the angle's moments are those of the circle.
  double r2 = 0, r4 = 0;
  for (std::uint32_t a = 0; a < 65536; ++a) {
    const double square = short_radius_squared(a);
    r2 += square / 65536;
    r4 += square * square / 65536;
  }
  double cosine = 0, cosine2 = 0, cosine4 = 0;
  for (std::uint32_t b = 0; b < 65536; ++b) {
    const double c = short_normal_pair(b).z0 / radius(0);
    cosine += c / 65536;
    cosine2 += c * c / 65536;
    cosine4 += c * c * c * c / 65536;
  }
  EXPECT_NEAR(cosine, 0, 1e-9);
  EXPECT_NEAR(r2 * cosine2, 1, 2e-5);
  EXPECT_NEAR(r4 * cosine4, 3, 3e-4);
}

TEST(ShortNormal, FillsEqualSingleElementsFromAnyStart) {
  const NoiseKey key = noise_key(1, 2);
  const Address address{Stream::output, 3, 1, 4};
  for (const std::uint64_t first : {0ull, 1ull, 127ull, 128ull, 300ull, (1ull << 40) + 5}) {
    std::vector<float> z(777);
    fill_short_normals(key, address, first, z);
    for (std::size_t i = 0; i < z.size(); ++i)
      ASSERT_EQ(z[i], short_normal_at(key, counter_of(address), first + i)) << first << " " << i;
  }
}

TEST(ShortNormal, FollowsTheNormalDistribution) {
  // 2^20 samples in 64 classes of equal probability; chi-square of 63 degrees of freedom exceeds
  // 130 once in 1.5e6.
  constexpr int kClasses = 64, kSamples = 1 << 20;
  std::vector<float> z(kSamples);
  fill_short_normals(noise_key(5, 0), {Stream::output}, 0, z);
  std::vector<int> counts(kClasses);
  for (const float v : z) {
    const double p = 0.5 * std::erfc(-v / std::numbers::sqrt2);
    ++counts[std::min(kClasses - 1, static_cast<int>(p * kClasses))];
  }
  double chi2 = 0;
  for (const int n : counts) chi2 += std::pow(n - kSamples / kClasses, 2) / (kSamples / kClasses);
  EXPECT_LT(chi2, 130);
}

TEST(ShortNormal, NeighboursInEveryDirectionAreUncorrelated) {
  // 2^18 products each, at 6 standard errors of 1/512.
  constexpr int kSamples = 1 << 18;
  std::vector<float> z(kSamples + 128);
  fill_short_normals(noise_key(6, 0), {Stream::output}, 0, z);
  for (const int lag : {1, 2, 16, 32, 128}) {
    double sum = 0, squares = 0;
    for (int i = 0; i < kSamples; ++i) {
      sum += double{z[i]} * z[i + lag];
      squares += (z[i] * z[i] - 1.0) * (z[i + lag] * z[i + lag] - 1.0) / 2;
    }
    EXPECT_NEAR(sum / kSamples, 0, 6.0 / 512) << lag;
    EXPECT_NEAR(squares / kSamples, 0, 6.0 / 512) << lag;
  }
}

}  // namespace
}  // namespace ohmic
