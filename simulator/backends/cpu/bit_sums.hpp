// The loops below bit_products.hpp: bits packed into words, and sums of tables' entries. All are
// vectors on every processor.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ohmic::cpu {

constexpr std::size_t kBitsPerWord = 8;  ///< of each code
constexpr int kRowsPerWord = 4;          ///< neighbouring channels
constexpr std::size_t kPatterns = 16;    ///< of one bit of four rows

/// Words of a pixel.
inline int words_of(int channels) { return (channels + kRowsPerWord - 1) / kRowsPerWord; }

/// Bits [shift, shift + 8) of |code| for codes of this sign, 1 or -1.
struct CodeBits {
  int sign, shift;
};
/// Packs pixels of `channels` codes each, which are integers; what is not a number becomes 0. A
/// word holds four channels: bit b of the i-th in its bit 8 b + 3 + i, 0 for channels beyond the
/// last.
void pack_bits(const float* codes, std::size_t pixels, int channels, CodeBits,
               std::uint64_t* words);

/// Neighbouring words of a position's window, whose tables are neighbours too.
struct Run {
  std::int32_t word;   ///< from the window's first
  std::int32_t table;  ///< the first one's
  std::int32_t words;
};
struct Runs {
  const Run* begin;
  const Run* end;
};

/// Where a position's window begins, in words of the image (it may lie before it), and which of its
/// runs lie inside the image.
struct Place {
  std::int32_t word;
  std::uint32_t window;
};

/// Sums over the windows of positions, for 16 or 32 columns and 4 or 8 bits of the inputs:
/// sums[bit * bit_pitch + position * pitch + column]. They begin at start[bit * columns + column],
/// or at what `sums` holds where `start` is null.
template <class T>
struct BitSums {
  const std::uint64_t* image;
  const Place* places;
  std::size_t positions;
  const Runs* windows;
  const T* tables;  ///< [table][pattern][column], at a cache line's bound
  const T* start;
  T* sums;
  std::size_t pitch, bit_pitch;
};
/// 16 columns.
void add_up(const BitSums<float>&, std::size_t bits);
/// 16 or 32 columns.
void add_up(const BitSums<std::int16_t>&, std::size_t bits, std::size_t columns);

/// out[position * N + n] = sums[position * pitch + n] * steps[n].
void scale_sums(const float* sums, std::size_t positions, std::size_t pitch, std::size_t N,
                const float* steps, float* out);
void scale_sums(const std::int16_t* sums, std::size_t positions, std::size_t pitch, std::size_t N,
                const float* steps, float* out);

}  // namespace ohmic::cpu
