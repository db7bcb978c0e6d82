// Loops over a block of numbers that stays in the first-level cache, one effect each. All are
// vectors on every processor; quantizer.hpp says what they compute.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simulator/bf16.hpp"

namespace ohmic::cpu {

/// codes = quantize(x * codes_per_x), in bf16 rounded to the nearest, halves to even; returns how
/// many clipped.
std::uint64_t convert_inputs(const float* x, float codes_per_x, float lowest, float highest,
                             std::size_t size, float* codes);
std::uint64_t convert_inputs(const float* x, float codes_per_x, float lowest, float highest,
                             std::size_t size, Bf16* codes);
void slice_inputs(const float* codes, int sign, int shift, int mask, std::size_t size,
                  float* drive);
void slice_inputs(const float* codes, int sign, int shift, int mask, std::size_t size, Bf16* drive);
void copy_inputs(const float* x, std::size_t size, float* drive);
void copy_inputs(const float* x, std::size_t size, Bf16* drive);

/// Channels [first, first + count) of pixels with `channels` each, as a dense buffer of their own,
/// those of a pixel `copies` times.
/// Reads and writes whole vectors: up to kSlack values beyond the ends.
constexpr std::size_t kSlack = 16;
void take_channels(const float* x, std::size_t pixels, int channels, int first, int count,
                   int copies, float* out);
void take_channels(const Bf16* x, std::size_t pixels, int channels, int first, int count,
                   int copies, Bf16* out);
void square(const float* x, std::size_t size, float* out);
void square(const Bf16* x, std::size_t size, Bf16* out);
/// The integers next to x^2 per_step.
void round_squares(const float* x, float per_step, std::size_t size, float* out);
/// x |x| and x^3, for non-linear cells.
void signed_square(const float* x, std::size_t size, float* out);
void cube(const float* x, std::size_t size, float* out);

/// Where a sum begins: at what y holds, or at shift (+ residual); and whether a ReLU ends it.
struct Ends {
  const float* shift = nullptr;
  const float* residual = nullptr;
  bool relu = false;
};
void start_sums(Ends ends, std::size_t size, float* y);

void add_product(float scale, const float* z, std::size_t size, float* v);
void add(const float* offset, std::size_t size, float* v);
/// v = max(v, 0), 0 for what is no number.
void raise_to_zero(std::size_t size, float* v);
void bend_curve(float inl, float highest, std::size_t size, float* v);

/// Limits of a converter's codes and the weight of its result.
struct Codes {
  float lowest, highest;
  float weight;
};
/// y += weight * digital * v.
void accumulate(const float* v, const float* digital, float weight, std::size_t size, float* y);
/// Noise in front of a converter: of reads, sqrt(variance) * z, then of outputs, scale * z; none
/// where they are null.
struct Noise {
  const float* variance = nullptr;
  const float* z_read = nullptr;
  const float* scale = nullptr;
  const float* z_output = nullptr;
};
void add_noise(Noise, std::size_t size, float* v);
/// y += weight * digital * quantize(v + noise) between `ends`; returns how many saturated.
std::uint64_t convert_nearest(const float* v, Noise, const float* digital, Codes, Ends,
                              std::size_t size, float* y);
std::uint64_t convert_dithered(const float* v, const float* u, const float* digital, Codes,
                               std::size_t size, float* y);
/// v = code of the successive approximation; returns how many saturated. `capacitors` and `stride`:
/// those of bit i begin at i * stride; `level` and `code` are work space of `size`.
std::uint64_t approximate(const float* capacitors, std::size_t stride, int bits, Codes,
                          std::size_t size, float* v, float* level, float* code);

void rectify(std::size_t size, float* y);

}  // namespace ohmic::cpu
