#include "simulator/backends/cpu/bit_sums.hpp"

#include <cstring>

#include "simulator/host_device.hpp"
#include "simulator/quantizer.hpp"

namespace ohmic::cpu {
namespace {

/// Bit b of eight in bit 8 b + 3.
OHMIC_HOST_DEVICE std::uint64_t spread(std::uint64_t bits) {
  bits = (bits | bits << 28) & 0x0000000f0000000fu;
  bits = (bits | bits << 14) & 0x0003000300030003u;
  bits = (bits | bits << 7) & 0x0101010101010101u;
  return bits << 3;
}

OHMIC_HOST_DEVICE std::uint64_t bits_of(float code, CodeBits which) {
  const float magnitude = relu(which.sign < 0 ? -code : code);
  return spread(static_cast<std::uint64_t>(static_cast<std::int32_t>(magnitude) >> which.shift) &
                0xffu);
}

template <class T, std::size_t kColumns, std::size_t kBits>
OHMIC_HOST_DEVICE void add_entries(const BitSums<T>& s) {
  using Entry [[gnu::vector_size(kColumns * sizeof(T)), gnu::may_alias]] = T;
  for (std::size_t p = 0; p < s.positions; ++p) {
    T* at = s.sums + p * s.pitch;
    Entry sums[kBits];
    for (std::size_t b = 0; b < kBits; ++b)
      std::memcpy(&sums[b], s.start ? s.start + b * kColumns : at + b * s.bit_pitch, sizeof(Entry));
    const std::ptrdiff_t first = s.places[p].word;
    const Runs runs = s.windows[s.places[p].window];
    for (const Run* run = runs.begin; run != runs.end; ++run) {
      const std::uint64_t* words = s.image + (first + run->word);
      const T* table = s.tables + static_cast<std::size_t>(run->table) * kPatterns * kColumns;
      for (const std::uint64_t* end = words + run->words; words != end; ++words) {
        std::uint64_t word = *words;
        for (std::size_t b = 0; b < kBits; ++b, word >>= 8)  // a byte is 8 times its pattern
          sums[b] += *reinterpret_cast<const Entry*>(table + (word & 0xff) * (kColumns / 8));
        table += kPatterns * kColumns;
      }
    }
    for (std::size_t b = 0; b < kBits; ++b)
      std::memcpy(at + b * s.bit_pitch, &sums[b], sizeof(Entry));
  }
}

template <class T>
OHMIC_HOST_DEVICE void scale(const T* sums, std::size_t positions, std::size_t pitch, std::size_t N,
                             const float* steps, float* out) {
  for (std::size_t p = 0; p < positions; ++p)
#pragma omp simd simdlen(16)
    for (std::size_t n = 0; n < N; ++n)
      out[p * N + n] = static_cast<float>(sums[p * pitch + n]) * steps[n];
}

}  // namespace

OHMIC_VECTOR_CLONES void pack_bits(const float* codes, std::size_t pixels, int channels,
                                   CodeBits which, std::uint64_t* words) {
  const auto C = static_cast<std::size_t>(channels);
  const std::size_t whole = C / kRowsPerWord, all = static_cast<std::size_t>(words_of(channels));
  // Pixels of whole words are one row of them.
  const std::size_t rows = whole == all ? 1 : pixels,
                    length = whole == all ? pixels * whole : whole;
  for (std::size_t r = 0; r < rows; ++r) {
    const float* from = codes + r * C;
    std::uint64_t* to = words + r * all;
#pragma omp simd simdlen(16)
    for (std::size_t i = 0; i < length; ++i)
      to[i] = bits_of(from[4 * i], which) | bits_of(from[4 * i + 1], which) << 1 |
              bits_of(from[4 * i + 2], which) << 2 | bits_of(from[4 * i + 3], which) << 3;
    if (whole == all) continue;
    to[whole] = 0;
    for (std::size_t c = whole * kRowsPerWord; c < C; ++c)
      to[whole] |= bits_of(from[c], which) << (c % kRowsPerWord);
  }
}

OHMIC_VECTOR_CLONES void add_up(const BitSums<float>& s, std::size_t bits) {
  bits > 4 ? add_entries<float, 16, 8>(s) : add_entries<float, 16, 4>(s);
}

OHMIC_VECTOR_CLONES void add_up(const BitSums<std::int16_t>& s, std::size_t bits,
                                std::size_t columns) {
  if (columns == 16)
    bits > 4 ? add_entries<std::int16_t, 16, 8>(s) : add_entries<std::int16_t, 16, 4>(s);
  else
    bits > 4 ? add_entries<std::int16_t, 32, 8>(s) : add_entries<std::int16_t, 32, 4>(s);
}

OHMIC_VECTOR_CLONES void scale_sums(const float* sums, std::size_t positions, std::size_t pitch,
                                    std::size_t N, const float* steps, float* out) {
  scale(sums, positions, pitch, N, steps, out);
}

OHMIC_VECTOR_CLONES void scale_sums(const std::int16_t* sums, std::size_t positions,
                                    std::size_t pitch, std::size_t N, const float* steps,
                                    float* out) {
  scale(sums, positions, pitch, N, steps, out);
}

}  // namespace ohmic::cpu
