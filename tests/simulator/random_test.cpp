// Noise by address: published Philox vectors, pinned bits, accuracy against long double, statistics
// at stated false-alarm rates. All statistical tests use seed 20 and one fixed sample each.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "simulator/random/element.hpp"
#include "simulator/random/noise.hpp"
#include "simulator/random/normal.hpp"
#include "simulator/random/philox.hpp"

namespace ohmic {
namespace {

constexpr Address kAddress{Stream::programming, 3, 1, 0};
const NoiseKey kKey = noise_key(20, 0);

std::vector<float> normals(NoiseKey key, Address address, std::uint64_t first, std::size_t n) {
  std::vector<float> z(n);
  fill_normals(key, address, first, std::span(z));
  return z;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum / static_cast<double>(a.size());
}

// Probability that a standard normal is below x.
double phi(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// Known-answer vectors of Random123 1.14, file kat_vectors, philox4x32 with 10 rounds.
TEST(Philox, GivesThePublishedVectors) {
  struct {
    std::array<std::uint32_t, 4> counter;
    std::array<std::uint32_t, 2> key;
    std::array<std::uint32_t, 4> expected;
  } const vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const auto& v : vectors) {
    const std::uint64_t block = v.counter[0] | std::uint64_t{v.counter[1]} << 32;
    const auto w = philox_block({v.key[0], v.key[1]}, {0, v.counter[2], v.counter[3]}, block);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(w.v[i], v.expected[i]);
  }
}

TEST(Address, FillsDisjointFieldsOfTheCounter) {
  const Counter c = counter_of({Stream::read, 0x1234, 0x56, 0xa987654321fe});
  EXPECT_EQ(c.word1, 0x21fe0000u);
  EXPECT_EQ(c.word2, 0xa9876543u);
  EXPECT_EQ(c.word3, 0x12345603u);
}

// Pinned: a change here changes the numbers of every experiment.
TEST(Noise, BitsAndNormalsAreTheOnesOfTheFirstRelease) {
  const NoiseKey key = noise_key(1, 2);
  EXPECT_EQ(key.k0, 1062581232u);
  EXPECT_EQ(key.k1, 2390150301u);
  EXPECT_EQ(bits_at(key, kAddress, 7), 4052743578u);
  const auto z = normals(key, kAddress, 0, 4);
  const std::array<std::uint32_t, 4> expected{3215911867u, 1063592334u, 3191217791u, 3164752299u};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(std::bit_cast<std::uint32_t>(z[i]), expected[i]);
}

TEST(Noise, ElementsAreTheSameHoweverTheyAreAskedFor) {
  for (const std::size_t n : {1u, 31u, 33u, 257u}) {
    for (const std::uint64_t first : {0ull, 1ull, 6ull, 127ull, (1ull << 34) - 5}) {
      std::vector<float> z(n), u(n);
      std::vector<double> wide(n);
      std::vector<std::uint32_t> bits(n);
      fill_normals(kKey, kAddress, first, std::span(z));
      fill_normals(kKey, kAddress, first, std::span(wide));
      fill_bits(kKey, kAddress, first, bits);
      fill_uniforms(kKey, kAddress, first, u);
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(bits[i], bits_at(kKey, kAddress, first + i));
        ASSERT_EQ(z[i], normal_at(kKey, kAddress, first + i));
        ASSERT_EQ(wide[i], double{z[i]});
        ASSERT_EQ(u[i], uniform_of(bits[i]));
        ASSERT_EQ(u[i], uniform_of_element(kKey, kAddress, first + i));
      }
    }
  }
}

TEST(Uniform, StaysInsideTheOpenInterval) {
  EXPECT_EQ(uniform_of(0), 0x1p-33f);
  EXPECT_EQ(uniform_of(0xffffffffu), 1.0f - 0x1p-24f);
  EXPECT_EQ(uniform_of(0x80000000u), 0.5f);
}

// Long double Box-Muller of the same words; bounds as stated in normal.hpp.
TEST(Normal, IsWithinItsStatedErrorOfTheExactOne) {
  std::vector<std::uint32_t> words(400000);
  fill_bits(kKey, kAddress, 0, words);
  std::vector<std::uint32_t> extremes{0,          1,          2,          0x7fffffff,
                                      0x80000000, 0xfffffffe, 0xffffffff, 0x1fffffff,
                                      0x20000000, 0x3fffffff, 0x40000000, 0xb504f333,
                                      0xb504f334, 0xc0000000, 0xe0000000, 0xdfffffff};
  for (const std::uint32_t a : extremes)
    for (const std::uint32_t b : extremes) words.insert(words.end(), {a, b});
  double worst = 0;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const long double r = std::sqrt(-2 * std::log((words[i] + 0.5L) * 0x1p-32L));
    const long double theta = 2 * std::numbers::pi_v<long double> * words[i + 1] * 0x1p-32L;
    const NormalPair z = normal_pair(words[i], words[i + 1]);
    for (const auto& [got, exact] :
         {std::pair{z.z0, r * std::cos(theta)}, std::pair{z.z1, r * std::sin(theta)}}) {
      const double scale = 3e-7 * static_cast<double>(std::abs(exact)) + 1e-14;
      worst = std::max(worst, static_cast<double>(std::abs(got - exact)) / scale);
    }
  }
  RecordProperty("worst", std::to_string(worst));
  EXPECT_LT(worst, 1.0);
}

// 2^22 normals. Each moment is within 5 of its standard errors: false alarm 6e-7 per moment.
TEST(Normal, HasTheMomentsOfAStandardNormal) {
  const std::size_t n = std::size_t{1} << 22;
  const auto z = normals(kKey, kAddress, 0, n);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const double x : z) {
    m1 += x;
    m2 += x * x;
    m3 += x * x * x;
    m4 += x * x * x * x;
  }
  const double root = std::sqrt(static_cast<double>(n));
  EXPECT_NEAR(m1 / static_cast<double>(n), 0, 5 * 1 / root);
  EXPECT_NEAR(m2 / static_cast<double>(n), 1, 5 * std::sqrt(2) / root);
  EXPECT_NEAR(m3 / static_cast<double>(n), 0, 5 * std::sqrt(15) / root);
  EXPECT_NEAR(m4 / static_cast<double>(n), 3, 5 * std::sqrt(96) / root);
}

// 2^22 normals in 202 bins of width 0.05 over [-5, 5] and beyond; chi-square with 201 degrees of
// freedom is above 311.1 with probability 1e-6.
TEST(Normal, FillsItsBinsAsAStandardNormal) {
  constexpr int kBins = 202;
  const std::size_t n = std::size_t{1} << 22;
  std::vector<double> count(kBins);
  for (const float x : normals(kKey, {Stream::read, 1, 0, 9}, 0, n))
    ++count[static_cast<std::size_t>(std::clamp(std::floor(x / 0.05) + 101.0, 0.0, kBins - 1.0))];
  double chi2 = 0;
  for (int b = 0; b < kBins; ++b) {
    const double low = b == 0 ? 0 : phi((b - 101) * 0.05);
    const double high = b == kBins - 1 ? 1 : phi((b - 100) * 0.05);
    const double expected = (high - low) * static_cast<double>(n);
    chi2 += (count[static_cast<std::size_t>(b)] - expected) *
            (count[static_cast<std::size_t>(b)] - expected) / expected;
  }
  EXPECT_LT(chi2, 311.1);
  EXPECT_GT(chi2, 120);
}

// 2^20 uniforms in 256 bins; chi-square with 255 degrees of freedom is above 377 with
// probability 1e-6.
TEST(Uniform, FillsItsBinsEvenly) {
  const std::size_t n = std::size_t{1} << 20;
  std::vector<float> u(n);
  fill_uniforms(kKey, kAddress, 0, u);
  std::vector<double> count(256);
  for (const float x : u) ++count[static_cast<std::size_t>(x * 256)];
  double chi2 = 0;
  for (const double c : count) chi2 += (c - 4096.0) * (c - 4096.0) / 4096.0;
  EXPECT_LT(chi2, 377);
}

// 2^18 pairs per case; |correlation| is below 5 / sqrt(n): false alarm 6e-7 each.
TEST(Noise, IsIndependentBetweenAddressesAndDraws) {
  const std::size_t n = std::size_t{1} << 18;
  const double bound = 5 / std::sqrt(static_cast<double>(n));
  const auto base = normals(kKey, kAddress, 0, n);
  EXPECT_LT(std::abs(correlation(base, normals(noise_key(20, 1), kAddress, 0, n))), bound);
  EXPECT_LT(std::abs(correlation(base, normals(noise_key(21, 0), kAddress, 0, n))), bound);
  const Address others[] = {{Stream::drift, 3, 1, 0},
                            {Stream::programming, 4, 1, 0},
                            {Stream::programming, 3, 0, 0},
                            {Stream::programming, 3, 1, 1}};
  for (const Address& other : others)
    EXPECT_LT(std::abs(correlation(base, normals(kKey, other, 0, n))), bound);
  for (const std::uint64_t lag : {1u, 2u, 3u, 4u})
    EXPECT_LT(std::abs(correlation(base, normals(kKey, kAddress, lag, n))), bound);
}

TEST(NoiseKey, UsesAllBitsOfSeedAndDraw) {
  const NoiseKey base = noise_key(20, 0);
  for (int bit = 0; bit < 64; ++bit) {
    const NoiseKey seed = noise_key(20 ^ std::uint64_t{1} << bit, 0);
    const NoiseKey draw = noise_key(20, std::uint64_t{1} << bit);
    EXPECT_FALSE(seed.k0 == base.k0 && seed.k1 == base.k1) << "seed bit " << bit;
    EXPECT_FALSE(draw.k0 == base.k0 && draw.k1 == base.k1) << "draw bit " << bit;
  }
}

TEST(AddressDeath, RefusesAnEventBeyond48Bits) {
  EXPECT_DEATH(normals(kKey, {Stream::read, 0, 0, std::uint64_t{1} << 48}, 0, 1), "event");
}

}  // namespace
}  // namespace ohmic
