// Logarithm, exponential and polynomials for loops over devices: vectorised by any compiler, on CPU
// and CUDA from the same text, and the same bits everywhere (a vector libm differs from the scalar
// one in its last bits, so noise would depend on where a block of devices ends).
//
// Only IEEE additions, products and one division are used. Relative errors are below 4e-16 (two
// units in the last place) over the stated ranges (tests/simulator/elementary_test.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simulator/host_device.hpp"

namespace ohmic {

namespace elementary_detail {
OHMIC_HOST_DEVICE std::uint64_t pattern_of(double x) {
  std::uint64_t pattern;
  std::memcpy(&pattern, &x, sizeof x);
  return pattern;
}
OHMIC_HOST_DEVICE double from_pattern(std::uint64_t pattern) {
  double x;
  std::memcpy(&x, &pattern, sizeof x);
  return x;
}
constexpr double kLn2High = 0x1.62e42feep-1;  // 31 bits: exact times any exponent
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
}  // namespace elementary_detail

/// c[0] + c[1] x + c[2] x^2 + ...
template <std::size_t n>
OHMIC_HOST_DEVICE double polynomial(const double (&c)[n], double x) {
  double y = c[n - 1];
  for (std::size_t i = n - 1; i-- > 0;) y = y * x + c[i];
  return y;
}

OHMIC_HOST_DEVICE double clamp_to(double low, double high, double x) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

/// Natural logarithm of a positive normal number; meaningless for zero, negative or infinite x.
OHMIC_HOST_DEVICE double log_of(double x) {
  using namespace elementary_detail;
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)).
  const std::uint64_t offset = pattern_of(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const double e = from_pattern(offset >> 52 | 0x4330000000000000u) - (0x1p52 + 1023);
  const double m = from_pattern((offset & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
  // ln m = 2 atanh(s) = 2 s + s^3 A(s^2), A minimax, error 0.01 ulp.
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double a = 0.14795949746796903;
  a = a * z + 0.15314050539439990;
  a = a * z + 0.18183564327008403;
  a = a * z + 0.22222198573157688;
  a = a * z + 0.28571428742388013;
  a = a * z + 0.39999999999414676;
  a = a * z + 0.66666666666667344;
  return e * kLn2High + (2.0 * s + (s * z * a + e * kLn2Low));
}

/// Exponential of x in [-700, 700]; beyond, as at the nearer end.
OHMIC_HOST_DEVICE double exp_of(double x) {
  using namespace elementary_detail;
  x = x < -700.0 ? -700.0 : x;
  x = x > 700.0 ? 700.0 : x;
  // x = k ln 2 + r with |r| <= ln 2 / 2: adding 1.5 2^52 rounds, and leaves k in the low bits.
  const double shifted = x * 0x1.71547652b82fep0 + 0x1.8p52;
  const double k = shifted - 0x1.8p52;
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // e^r = 1 + r + r^2 E(r), E minimax, error 0.03 ulp.
  double p = 2.5117432057738790e-8;
  p = p * r + 2.7631274468547537e-7;
  p = p * r + 2.7557217540954735e-6;
  p = p * r + 2.4801489956735803e-5;
  p = p * r + 1.9841269916125207e-4;
  p = p * r + 1.3888888947004161e-3;
  p = p * r + 8.3333333333077257e-3;
  p = p * r + 4.1666666666515452e-2;
  p = p * r + 0.16666666666666698;
  p = p * r + 0.50000000000000127;
  const double y = 1.0 + (r + r * r * p);
  return from_pattern(pattern_of(y) + (pattern_of(shifted) << 52));
}

}  // namespace ohmic
