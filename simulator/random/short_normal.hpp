// Standard normals of 32 random bits per pair, for noise that a converter rounds right after it.
//
// Box-Muller with 16 bits each for radius and angle: of the word (a << 16 | b),
//
//   u = (a + 1/2) / 2^16,  theta = 2 pi b / 2^16,  z = sqrt(-2 ln u) (cos theta, sin theta).
//
// All 2^32 pairs together have mean 0, variance 1 within 2e-5, fourth moment 3 within 3e-4 and
// |z| <= 4.86, beyond which a normal lies once in 800,000; each is within 2e-5 |z| of its exact
// value (tests/simulator/short_normal_test.cpp goes through them). They cost half as much as the
// normals of noise.hpp, which devices are drawn with. Only IEEE additions, products, fma and sqrt:
// the same bits everywhere.
//
// Element i lies in group i / 128 of 16 Philox blocks: with r = i mod 128, block r mod 16 of the
// group, word r / 32, and of its pair the r / 16 mod 2-th. Vectors of elements are then vectors of
// blocks.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "simulator/random/normal.hpp"
#include "simulator/random/philox.hpp"

namespace ohmic {

constexpr std::uint64_t kShortGroup = 128;       ///< elements of a group
constexpr std::uint64_t kShortGroupBlocks = 16;  ///< Philox blocks of a group

/// -2 ln((a + 1/2) / 2^16) of 16 bits, relative error 1e-5.
OHMIC_HOST_DEVICE float short_radius_squared(std::uint32_t a) {
  const float x = static_cast<float>(static_cast<std::int32_t>(a)) + 0.5f;
  std::uint32_t pattern;
  std::memcpy(&pattern, &x, sizeof x);
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)).
  const std::int32_t e = static_cast<std::int32_t>(pattern - 0x3f3504f3u) >> 23;
  pattern -= static_cast<std::uint32_t>(e) << 23;
  float m;
  std::memcpy(&m, &pattern, sizeof m);
  const float f = m - 1.0f;
  // -2 ln(1 + f) = f P(f), P minimax.
  float p = 2 * 0.146625206f;
  p = std::fma(p, f, -2 * 0.221687719f);
  p = std::fma(p, f, 2 * 0.253591418f);
  p = std::fma(p, f, -2 * 0.332482696f);
  p = std::fma(p, f, 2 * 0.499914050f);
  p = std::fma(p, f, -2 * 1.00000548f);
  return std::fma(static_cast<float>(16 - e), 2 * 0.693147181f, p * f);
}

/// v, or -v where bit 15 of `word` is set.
OHMIC_HOST_DEVICE float with_turned_sign(float v, std::uint32_t word) {
  std::uint32_t pattern;
  std::memcpy(&pattern, &v, sizeof v);
  pattern ^= word << 16 & 0x80000000u;
  std::memcpy(&v, &pattern, sizeof v);
  return v;
}

OHMIC_HOST_DEVICE NormalPair short_normal_pair(std::uint32_t word) {
  const float r = std::sqrt(short_radius_squared(word >> 16));
  // theta = pi/2 (quadrant + t), |t| <= 1/2, the quadrant in bits 14 and 15.
  const std::uint32_t turned = word + 0x2000u;
  const float t = static_cast<float>(static_cast<std::int32_t>(word << 18)) * 0x1p-32f;
  const float t2 = t * t;
  const float rt = r * t;
  const float s = rt * std::fma(std::fma(0.0779550299f, t2, -0.645801842f), t2, 1.57079411f);
  const float c = r * std::fma(std::fma(0.245949045f, t2, -1.23298037f), t2, 0.999990046f);
  const bool swap = turned & 0x4000u;
  return {with_turned_sign(swap ? s : c, turned + 0x4000u), with_turned_sign(swap ? c : s, turned)};
}

/// Element `element` of the sequence by itself.
OHMIC_HOST_DEVICE float short_normal_at(NoiseKey key, Counter c, std::uint64_t element) {
  const std::uint64_t group = element / kShortGroup, r = element % kShortGroup;
  const philox4x32_ctr_t words =
      philox_block(key, c, group * kShortGroupBlocks + r % kShortGroupBlocks);
  const NormalPair z = short_normal_pair(words.v[r / 32]);
  return r / 16 % 2 == 0 ? z.z0 : z.z1;
}

}  // namespace ohmic
