#include "simulator/backends/cpu/winograd.hpp"

#include <algorithm>
#include <cstring>

#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/error.hpp"
#include "simulator/host_device.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#define OHMIC_HAS_VNNI
#include <immintrin.h>
#endif

namespace ohmic::cpu::winograd {
namespace {

using Integers [[gnu::vector_size(64)]] = std::int32_t;
using Channels [[gnu::vector_size(kChannels * sizeof(std::int16_t))]] = std::int16_t;

/// Returns whether a code is no number.
OHMIC_HOST_DEVICE bool to_integers(const float* codes, std::size_t size, std::int16_t* out) {
  std::uint32_t found = 0;
#pragma omp simd simdlen(16) reduction(| : found)
  for (std::size_t i = 0; i < size; ++i) {
    found |= codes[i] != codes[i] ? 1u : 0u;
    out[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(codes[i]));
  }
  return found != 0;
}

/// The points of one group, from the first of its six pixels.
OHMIC_HOST_DEVICE void find_group(const std::int16_t* pixels, std::size_t channels,
                                  std::int16_t* points) {
  for (std::size_t c = 0; c < channels; c += kChannels) {
    Channels d[kPoints], p[kPoints];
    for (std::size_t i = 0; i < kPoints; ++i)
      std::memcpy(&d[i], pixels + i * channels + c, sizeof d[i]);
    const Channels even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
    const Channels far_even = d[4] - d[2], far_odd = 2 * (d[3] - d[1]);
    p[0] = 4 * d[0] - 5 * d[2] + d[4];
    p[1] = even + odd;
    p[2] = even - odd;
    p[3] = far_even + far_odd;
    p[4] = far_even - far_odd;
    p[5] = 4 * d[1] - 5 * d[3] + d[5];
    for (std::size_t i = 0; i < kPoints; ++i)
      std::memcpy(points + i * channels + c, &p[i], sizeof p[i]);
  }
}

#ifdef OHMIC_HAS_VNNI

// Tuned for another processor: GCC 12's tuning for those that this is for keeps addresses in vector
// registers, which costs 7 of 25 cycles beyond the products of a group.
#define OHMIC_VNNI [[gnu::target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,tune=haswell")]]

/// kGroups neighbouring groups of positions, whose taps [begin, end) down the rows lie inside the
/// image; `points` are of the row of tap `begin`.
template <std::size_t kGroups>
OHMIC_VNNI void add_groups(const Image& rows, const std::int16_t* points, const Columns& k,
                           std::size_t begin, std::size_t end, std::size_t pitch, float* sums) {
  __m512i products[kPoints][kGroups];
  for (std::size_t i = 0; i < kPoints; ++i)
    for (std::size_t g = 0; g < kGroups; ++g) products[i][g] = _mm512_setzero_si512();
  for (std::size_t tap = begin; tap < end; ++tap) {
    const std::int16_t* u = k.points + tap * k.pairs * kPoints * kColumns * kPair;
    const std::int16_t* v[kGroups];
    for (std::size_t g = 0; g < kGroups; ++g)
      v[g] = points + (tap - begin) * rows.row_points() + g * kPoints * rows.channels +
             k.first_pair * kPair;
    for (std::size_t pair = 0; pair < k.pairs; ++pair)
#pragma GCC unroll 6
      for (std::size_t i = 0; i < kPoints; ++i, u += kColumns * kPair) {
        const __m512i of_columns = _mm512_loadu_si512(u);
#pragma GCC unroll 4
        for (std::size_t g = 0; g < kGroups; ++g) {
          std::int32_t of_group;
          std::memcpy(&of_group, v[g] + i * rows.channels + pair * kPair, sizeof of_group);
          products[i][g] =
              _mm512_dpwssd_epi32(products[i][g], of_columns, _mm512_set1_epi32(of_group));
        }
      }
  }
  const __m512 start = _mm512_loadu_ps(k.start);
#pragma GCC unroll 4
  for (std::size_t g = 0; g < kGroups; ++g, sums += kOutputs * pitch) {
    __m512 m[kPoints];
#pragma GCC unroll 6
    for (std::size_t i = 0; i < kPoints; ++i)
      m[i] = __builtin_convertvector(reinterpret_cast<Integers>(products[i][g]), __m512) *
             _mm512_loadu_ps(k.steps + i * kColumns);
    const __m512 near = m[1] + m[2], near_odd = m[1] - m[2];
    const __m512 far = m[3] + m[4], far_odd = m[3] - m[4];
    _mm512_storeu_ps(sums, start + m[0] + near + far);
    _mm512_storeu_ps(sums + pitch, start + near_odd + 2.0f * far_odd);
    _mm512_storeu_ps(sums + 2 * pitch, start + near + 4.0f * far);
    _mm512_storeu_ps(sums + 3 * pitch, start + near_odd + 8.0f * far_odd + m[5]);
  }
}

#endif

}  // namespace

bool is_fast() {
#ifdef OHMIC_HAS_VNNI
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
  return false;
#endif
}

bool is_as_fast_as_bf16() { return is_fast() && !onednn::has_amx(); }

OHMIC_VECTOR_CLONES bool find_points(const Image& r, const float* codes, std::int16_t* line,
                                     std::int16_t* points) {
  std::fill_n(line, r.line(), std::int16_t{0});
  std::int16_t* inside = line + r.pad_left * r.channels;
  bool found = false;
  for (std::size_t row = 0; row < r.rows; ++row, codes += r.width * r.given_channels) {
    if (r.given_channels == r.channels)
      found |= to_integers(codes, r.width * r.channels, inside);
    else
      for (std::size_t x = 0; x < r.width; ++x)
        found |=
            to_integers(codes + x * r.given_channels, r.given_channels, inside + x * r.channels);
    for (std::size_t g = 0; g < r.groups; ++g, points += kPoints * r.channels)
      find_group(line + g * kOutputs * r.channels, r.channels, points);
  }
  return found;
}

#ifdef OHMIC_HAS_VNNI
void add_up(const Image& r, const std::int16_t* points, const Columns& columns, OutputRows out,
            std::size_t pitch, float* sums) {
  const auto taps_above = [&](std::size_t row) {
    return out.pad_top > row ? out.pad_top - row : 0;
  };
  const auto taps_until_end = [&](std::size_t row) {
    return std::min(kTaps, std::max(r.rows + out.pad_top, row) - row);
  };
  const std::size_t group = kPoints * r.channels, outputs = kOutputs * pitch;
  for (std::size_t first = out.first, last; first < out.end; first = last) {
    // Rows whose windows have the same taps inside the image are one run of groups.
    const std::size_t begin = taps_above(first), end = taps_until_end(first);
    last = first + 1;
    while (last < out.end && taps_above(last) == begin && taps_until_end(last) == end) ++last;
    const std::int16_t* v = points + (first + begin - out.pad_top) * r.row_points();
    float* y = sums + (first - out.first) * r.groups * outputs;
    std::size_t left = (last - first) * r.groups;
    for (; left >= 4; left -= 4, v += 4 * group, y += 4 * outputs)
      add_groups<4>(r, v, columns, begin, end, pitch, y);
    for (; left >= 2; left -= 2, v += 2 * group, y += 2 * outputs)
      add_groups<2>(r, v, columns, begin, end, pitch, y);
    if (left == 1) add_groups<1>(r, v, columns, begin, end, pitch, y);
  }
}
#else
void add_up(const Image&, const std::int16_t*, const Columns&, OutputRows, std::size_t, float*) {
  OHMIC_ASSERT(is_fast());
}
#endif

}  // namespace ohmic::cpu::winograd
