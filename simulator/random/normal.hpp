// Random words as uniforms and as standard normals, in single precision.
//
// Box-Muller: of the words (a, b), with u = (a + 1/2) / 2^32 and theta = 2 pi b / 2^32,
//
//   z0 = sqrt(-2 ln u) cos theta,   z1 = sqrt(-2 ln u) sin theta,   |z| <= 6.77.
//
// Nothing but IEEE additions, products, fma and sqrt is used, so every machine gives the same bits.
// Near u = 1 the logarithm is taken of the exact 1 - u, and the angle's quadrant is split off in
// integers, so small normals are as accurate as large ones: the error is below 3e-7 |z|, about 4
// ulp (tests/simulator/random_test.cpp).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "simulator/host_device.hpp"

namespace ohmic {

struct NormalPair {
  float z0, z1;
};

/// (bits + 1/2) / 2^32 in (0, 1).
OHMIC_HOST_DEVICE float uniform_of(std::uint32_t bits) {
  const float u = std::fma(static_cast<float>(bits), 0x1p-32f, 0x1p-33f);
  return u < 0x1.fffffep-1f ? u : 0x1.fffffep-1f;
}

/// ln((bits + 1/2) / 2^32), within 2 ulp.
OHMIC_HOST_DEVICE float log_uniform(std::uint32_t bits) {
  const float x = static_cast<float>(bits) + 0.5f;
  std::uint32_t pattern;
  std::memcpy(&pattern, &x, sizeof x);
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)).
  const std::int32_t e = static_cast<std::int32_t>(pattern - 0x3f3504f3u) >> 23;
  pattern -= static_cast<std::uint32_t>(e) << 23;
  float m;
  std::memcpy(&m, &pattern, sizeof m);
  const float exponent = static_cast<float>(e - 32);
  const float f = e == 32 ? std::fma(static_cast<float>(~bits), -0x1p-32f, -0x1p-33f) : m - 1.0f;
  // ln(1 + f) = f - f^2/2 + f^3 P(f), P minimax on [sqrt(1/2) - 1, sqrt(2) - 1], error 0.1 ulp.
  float p = -0.0763450290965f;
  p = std::fma(p, f, 0.127615773481f);
  p = std::fma(p, f, -0.131601804663f);
  p = std::fma(p, f, 0.142017579983f);
  p = std::fma(p, f, -0.16623357535f);
  p = std::fma(p, f, 0.200012268731f);
  p = std::fma(p, f, -0.250008210285f);
  p = std::fma(p, f, 0.333333317078f);
  const float square = f * f;
  const float tail = std::fma(p * f, square, -0.5f * square);
  // ln 2 in two parts; the first times |exponent| <= 32 is exact.
  return std::fma(exponent, 0x1.62e4p-1f, std::fma(exponent, 0x1.7f7d1cp-20f, tail) + f);
}

/// The two independent standard normals of two random words.
OHMIC_HOST_DEVICE NormalPair normal_pair(std::uint32_t a, std::uint32_t b) {
  const float r = std::sqrt(-2.0f * log_uniform(a));
  // theta = pi/2 (quadrant + t), |t| <= 1/2.
  const std::uint32_t quadrant = (b + 0x20000000u) >> 30;
  const float t = static_cast<float>(static_cast<std::int32_t>(b << 2)) * 0x1p-32f;
  const float t2 = t * t;
  float s = -0.00460165789118f;
  s = std::fma(s, t2, 0.0796800327704f);
  s = std::fma(s, t2, -0.645963460233f);
  s = t * std::fma(s, t2, 1.57079632171f);
  float c = 0.000904021666094f;
  c = std::fma(c, t2, -0.0208602885059f);
  c = std::fma(c, t2, 0.25366924403f);
  c = std::fma(c, t2, -1.23370054335f);
  c = std::fma(c, t2, 1.0f);
  const bool swap = quadrant & 1u;
  const float x = swap ? s : c;
  const float y = swap ? c : s;
  const float rx = ((quadrant + 1u) & 2u) ? -r : r;
  const float ry = (quadrant & 2u) ? -r : r;
  return {rx * x, ry * y};
}

}  // namespace ohmic
