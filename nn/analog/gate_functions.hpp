// Sigmoid and tanh of recurrent cells in float, from IEEE operations alone: vectorised by any
// compiler, with the same bits everywhere. Relative errors are below 4e-7 (three units in the last
// place; tests/nn/gate_functions_test.cpp).
#pragma once

#include <cstdint>
#include <cstring>

#include "simulator/host_device.hpp"

namespace ohmic {

/// e^x = scale (1 + less), scale a power of two and |less| < 0.42; of |x| <= 87.
struct ScaledExp {
  float scale, less;
};

OHMIC_HOST_DEVICE ScaledExp scaled_exp(float x) {
  // x = k ln 2 + r with |r| <= ln 2 / 2: adding 1.5 2^23 rounds, and leaves k in the low bits.
  const float shifted = x * 0x1.715476p0f + 0x1.8p23f;
  const float k = shifted - 0x1.8p23f;
  constexpr float kLn2High = 0x1.63p-1f, kLn2Low = -0x1.bd0106p-13f;  // 10 bits: exact times k
  const float r = (x - k * kLn2High) - k * kLn2Low;
  // Taylor's terms, of which the first that is left out is below 1e-8 of r.
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  std::uint32_t pattern;
  std::memcpy(&pattern, &shifted, sizeof pattern);
  pattern = (pattern << 23) + 0x3f800000u;
  ScaledExp e{};
  std::memcpy(&e.scale, &pattern, sizeof pattern);
  e.less = r + r * r * p;
  return e;
}

/// 1 / (1 + e^-x); of |x| above 87 as at 87, where it is 0 or 1 to 1e-37.
OHMIC_HOST_DEVICE float gate_sigmoid(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 87.0f ? 87.0f : x;
  const ScaledExp e = scaled_exp(-x);
  return 1.0f / (1.0f + (e.scale + e.scale * e.less));
}

OHMIC_HOST_DEVICE float gate_tanh(float x) {
  x = x < -10.0f ? -10.0f : x;  // where it is -1
  x = x > 10.0f ? 10.0f : x;
  const ScaledExp e = scaled_exp(2.0f * x);
  const float less_one = e.scale * e.less + (e.scale - 1.0f);  // e^2x - 1, small where x is
  return less_one / (less_one + 2.0f);
}

}  // namespace ohmic
