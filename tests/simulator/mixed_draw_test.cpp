// Noise of paths: bytes where a path is a plain draw, laws where it is not. Seed 21, 2^18 numbers;
// bounds are five standard errors (false alarm 6e-7 each), of the Kolmogorov-Smirnov statistic
// 2.8 / sqrt(n), 2 exp(-2 2.8^2) = 3e-7.
#include "simulator/random/mixed_draw.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "simulator/random/mixture.hpp"
#include "simulator/random/normal.hpp"
#include "simulator/random/short_noise.hpp"

namespace ohmic {
namespace {

constexpr std::uint64_t kSeed = 21;
constexpr std::size_t kCount = std::size_t{1} << 18;
constexpr Address kAddress{Stream::programming, 3, 1, 0};

NoisePath path_of(int steps, double kept) {
  NoisePath path = NoisePath::plain(5);
  for (int s = 0; s < steps; ++s) path.steps.push_back({100 + static_cast<std::uint64_t>(s), kept});
  return path;
}

std::vector<float> normals(NoiseKey key, std::size_t n = kCount, Address address = kAddress) {
  std::vector<float> z(n);
  fill_normals(key, address, 0, std::span(z));
  return z;
}

std::vector<float> uniforms(NoiseKey key, std::size_t n = kCount) {
  std::vector<float> u(n);
  fill_uniforms(key, kAddress, 0, u);
  return u;
}

std::vector<float> normals(const NoisePath& path) {
  const MixedDraw mixed(kSeed, path);
  return normals(noise_key(kSeed, mixed.number()));
}

std::vector<float> uniforms(const NoisePath& path) {
  const MixedDraw mixed(kSeed, path);
  return uniforms(noise_key(kSeed, mixed.number()));
}

/// Of numbers whose mean and std are known.
double correlation(const std::vector<float>& a, const std::vector<float>& b, double mean,
                   double std) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean) * (b[i] - mean);
  return sum / static_cast<double>(a.size()) / (std * std);
}

double distance(std::vector<float> values, const std::function<double(double)>& distribution) {
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  double farthest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double p = distribution(values[i]), below = static_cast<double>(i) / n;
    farthest = std::max({farthest, std::abs(p - below), std::abs(p - below - 1 / n)});
  }
  return farthest;
}

const double kRoot = std::sqrt(static_cast<double>(kCount));

TEST(MixedDraw, OfNoStepsIsThePlainDraw) {
  const NoiseKey plain = noise_key(kSeed, 5);
  const MixedDraw mixed(kSeed, NoisePath::plain(5));
  const NoiseKey key = noise_key(kSeed, mixed.number());
  EXPECT_NE(key.k0, plain.k0);
  EXPECT_EQ(normals(key, 3001), normals(plain, 3001));
  EXPECT_EQ(uniforms(key, 3001), uniforms(plain, 3001));
  EXPECT_EQ(bits_at(key, kAddress, 77), bits_at(plain, kAddress, 77));
  EXPECT_EQ(normal_at(key, kAddress, 77), normal_at(plain, kAddress, 77));
  const Address output{Stream::output, 1, 0, 9};
  EXPECT_EQ(normals(key, 300, output), normals(plain, 300, output));
  std::vector<float> once(300), again(300);
  fill_short_normals(key, output, 0, once);
  fill_short_normals(plain, output, 0, again);
  EXPECT_EQ(once, again);
}

TEST(MixedDraw, ElementsAreTheSameHoweverTheyAreAskedFor) {
  const MixedDraw mixed(kSeed, path_of(4, 0.7));
  const NoiseKey key = noise_key(kSeed, mixed.number());
  const std::vector<float> z = normals(key, 3000), u = uniforms(key, 3000);
  for (const std::uint64_t first : {0ull, 1ull, 1023ull, 1024ull, 2047ull}) {
    std::vector<float> part(901), uniform(901);
    std::vector<double> wide(901);
    fill_normals(key, kAddress, first, std::span(part));
    fill_normals(key, kAddress, first, std::span(wide));
    fill_uniforms(key, kAddress, first, uniform);
    for (std::size_t i = 0; i < part.size(); ++i) {
      ASSERT_EQ(part[i], z[first + i]);
      ASSERT_EQ(wide[i], double{z[first + i]});
      ASSERT_EQ(normal_at(key, kAddress, first + i), z[first + i]);
      ASSERT_EQ(uniform[i], u[first + i]);
      ASSERT_EQ(uniform_of(bits_at(key, kAddress, first + i)), u[first + i]);
    }
  }
}

TEST(MixedDraw, LeavesOtherDrawsAloneAndEndsWithItsObject) {
  const NoiseKey plain = noise_key(kSeed, 6);
  const std::vector<float> before = normals(plain, 500);
  NoiseKey key;
  {
    const MixedDraw mixed(kSeed, path_of(3, 0.5));
    key = noise_key(kSeed, mixed.number());
    EXPECT_NE(mixture_of(key), nullptr);
    EXPECT_EQ(normals(plain, 500), before);
    const MixedDraw other(kSeed, path_of(2, 0.5));
    EXPECT_NE(other.number(), mixed.number());
  }
  EXPECT_EQ(mixture_of(key), nullptr);
}

TEST(MixedDraw, HasNormalsAndUniformsAfterAnySteps) {
  for (const int steps : {1, 12, 60})
    for (const double kept : {0.0, 0.6, 0.97}) {
      const std::vector<float> z = normals(path_of(steps, kept)),
                               u = uniforms(path_of(steps, kept));
      double mean = 0, square = 0, fourth = 0;
      for (const double x : z) {
        mean += x;
        square += x * x;
        fourth += x * x * x * x;
      }
      const double n = static_cast<double>(kCount);
      EXPECT_LT(std::abs(mean / n) * kRoot, 5) << steps << " " << kept;
      EXPECT_LT(std::abs(square / n - 1) * kRoot, 5 * std::sqrt(2.0)) << steps << " " << kept;
      EXPECT_LT(std::abs(fourth / n - 3) * kRoot, 5 * std::sqrt(96.0)) << steps << " " << kept;
      EXPECT_LT(distance(z, [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }),
                2.8 / kRoot);
      EXPECT_LT(distance(u, [](double x) { return x; }), 2.8 / kRoot);
    }
}

// After k steps the correlation with what there was is c^k.
TEST(MixedDraw, ForgetsAsItsStepsSay) {
  const double std = 1 / std::sqrt(12.0);
  for (const double kept : {0.0, 0.5, 0.9}) {
    NoisePath path = path_of(2, 0.8);
    const std::vector<float> z = normals(path), u = uniforms(path);
    double expected = 1;
    for (std::uint64_t k = 0; k < 4; ++k) {
      path.steps.push_back({1000 + k, kept});
      expected *= kept;
      // Of normals the product's variance is 1 + c^2; of uniforms at most that.
      EXPECT_NEAR(correlation(z, normals(path), 0, 1), expected, 5 * std::numbers::sqrt2 / kRoot);
      EXPECT_NEAR(correlation(u, uniforms(path), 0.5, std), expected,
                  5 * std::numbers::sqrt2 / kRoot);
    }
  }
}

// A move and its way back are as likely: z and z' are exchangeable, so that E[z^2 z'] = E[z z'^2],
// and for uniforms that P(u < 0.1, u' > 0.5) = P(u > 0.5, u' < 0.1).
TEST(MixedDraw, IsAsLikelyBackwards) {
  NoisePath path = path_of(3, 0.8);
  const std::vector<float> z = normals(path), u = uniforms(path);
  path.steps.push_back({1000, 0.6});
  const std::vector<float> next = normals(path), v = uniforms(path);
  double forth = 0, back = 0;
  std::int64_t up = 0, down = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    forth += double{z[i]} * z[i] * next[i];
    back += double{z[i]} * next[i] * next[i];
    up += u[i] < 0.1f && v[i] > 0.5f;
    down += u[i] > 0.5f && v[i] < 0.1f;
  }
  // Each term's variance is at most E[z^6] = 15.
  EXPECT_LT(std::abs(forth - back) / kRoot, 5 * std::sqrt(30.0));
  EXPECT_GT(up, 0);
  EXPECT_LT(std::abs(static_cast<double>(up - down)),
            5 * std::sqrt(static_cast<double>(up + down)));
}

TEST(MixedDraw, KeepsTheReadsOfOneDraw) {
  const Address reads{Stream::read, 1, 0, 4}, output{Stream::output, 1, 0, 4};
  NoisePath path = path_of(3, 0.5);
  path.reads = 101;
  const MixedDraw mixed(kSeed, path);
  const NoiseKey key = noise_key(kSeed, mixed.number()), drawn = noise_key(kSeed, 101);
  EXPECT_EQ(normals(key, 300, reads), normals(drawn, 300, reads));
  EXPECT_EQ(normals(key, 300, output), normals(drawn, 300, output));
  std::vector<float> once(300), again(300);
  fill_short_normals(key, reads, 128, once);
  fill_short_normals(drawn, reads, 128, again);
  EXPECT_EQ(once, again);
}

}  // namespace
}  // namespace ohmic
