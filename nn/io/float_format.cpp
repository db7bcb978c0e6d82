#include "nn/io/float_format.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

std::uint64_t field(std::uint64_t bits, int at, int count) {
  return (bits >> at) & ((std::uint64_t{1} << count) - 1);
}

bool lies_inside(int at, int count, int bytes) {
  return at >= 0 && count > 0 && count < 64 && at + count <= 8 * bytes;
}

double decode(const FloatFormat& f, std::uint64_t bits) {
  const std::uint64_t exponent = field(bits, f.exponent_at, f.exponent_bits);
  const std::uint64_t mantissa = field(bits, f.mantissa_at, f.mantissa_bits);
  const double sign = field(bits, f.sign_at, 1) ? -1.0 : 1.0;
  if (exponent == (std::uint64_t{1} << f.exponent_bits) - 1)
    return mantissa ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  const double fraction = std::ldexp(static_cast<double>(mantissa), -f.mantissa_bits);
  const std::int64_t power =
      std::max<std::int64_t>(static_cast<std::int64_t>(exponent), 1) - f.bias;
  const int bounded = static_cast<int>(std::clamp<std::int64_t>(power, -5000, 5000));
  return sign * std::ldexp(exponent ? 1.0 + fraction : fraction, bounded);
}

std::uint64_t bits_of(const FloatFormat& f, const char* at) {
  std::uint64_t bits = 0;
  for (int i = 0; i < f.bytes; ++i) {
    const auto byte = static_cast<std::uint8_t>(at[f.big_endian ? i : f.bytes - 1 - i]);
    bits = bits << 8 | byte;
  }
  return bits;
}

}  // namespace

bool FloatFormat::is_sound() const {
  return bytes >= 1 && bytes <= 8 && lies_inside(sign_at, 1, bytes) &&
         lies_inside(exponent_at, exponent_bits, bytes) && exponent_bits <= 16 &&
         lies_inside(mantissa_at, mantissa_bits, bytes) && bias >= 0 && bias <= 1 << 16;
}

std::vector<float> decode_floats(const FloatFormat& format, std::string_view bytes) {
  OHMIC_ASSERT(format.is_sound());
  const auto width = static_cast<std::size_t>(format.bytes);
  std::vector<float> values(bytes.size() / width);
  if (values.empty()) return values;
  if (format == kFloat32 && std::endian::native == std::endian::little) {
    std::memcpy(values.data(), bytes.data(), values.size() * width);
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(decode(format, bits_of(format, bytes.data() + i * width)));
  return values;
}

}  // namespace ohmic
