// Floating-point numbers as files lay them out: IEEE 754 of any width, bfloat16, either byte order.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ohmic {

/// A sign, `exponent_bits` at bit `exponent_at`, `mantissa_bits` at bit `mantissa_at` with an
/// implied leading one; bit 0 is the lowest of the number. All ones in the exponent are NaN and
/// infinity.
struct FloatFormat {
  int bytes = 4;  ///< 1 to 8
  bool big_endian = false;
  int sign_at = 31;
  int exponent_at = 23, exponent_bits = 8;
  int mantissa_at = 0, mantissa_bits = 23;
  std::int64_t bias = 127;
  bool operator==(const FloatFormat&) const = default;

  /// Whether every field lies inside the number and none is empty.
  bool is_sound() const;
};

constexpr FloatFormat kFloat16{2, false, 15, 10, 5, 0, 10, 15};
constexpr FloatFormat kBfloat16{2, false, 15, 7, 8, 0, 7, 127};
constexpr FloatFormat kFloat32{};
constexpr FloatFormat kFloat64{8, false, 63, 52, 11, 0, 52, 1023};

/// `bytes` holds whole numbers of a sound format; beyond float's range they become infinite.
std::vector<float> decode_floats(const FloatFormat&, std::string_view bytes);

}  // namespace ohmic
