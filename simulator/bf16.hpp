// bf16 numbers, the upper half of a float's bits, from one text for all back ends.
#pragma once

#include <cstdint>
#include <cstring>

#include "simulator/host_device.hpp"

namespace ohmic {

using Bf16 = std::uint16_t;

/// Rounded to the nearest, halves to even; not-a-number stays one.
OHMIC_HOST_DEVICE Bf16 bf16_of(float v) {
  std::uint32_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<Bf16>(v == v ? rounded : bits >> 16 | 0x40u);
}

OHMIC_HOST_DEVICE float float_of(Bf16 v) {
  const std::uint32_t bits = std::uint32_t{v} << 16;
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

}  // namespace ohmic
