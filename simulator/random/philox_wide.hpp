// Philox4x32-10 for several blocks at once, several times faster than what compilers make of a loop
// over philox_block, and the same bits (tests/simulator/random_test.cpp).
//
// A Wide holds one 32-bit word of each block in the low half of a 64-bit lane. High halves are left
// as they fall: the widening multiplication does not look at them, and nothing else moves them
// down.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <array>
#include <cstddef>

#include "simulator/random/philox.hpp"

namespace ohmic {

#if defined(__AVX512F__)
using Wide = std::uint64_t __attribute__((vector_size(64)));
OHMIC_HOST_DEVICE Wide multiply_low_halves(Wide a, Wide b) {
  // The masked form: GCC 12 warns about the undefined vector inside _mm512_mul_epu32.
  return reinterpret_cast<Wide>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
#elif defined(__AVX2__)
using Wide = std::uint64_t __attribute__((vector_size(32)));
OHMIC_HOST_DEVICE Wide multiply_low_halves(Wide a, Wide b) {
  return reinterpret_cast<Wide>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
}
#else
using Wide = std::uint64_t __attribute__((vector_size(16)));
OHMIC_HOST_DEVICE Wide multiply_low_halves(Wide a, Wide b) {
  return (a & 0xffffffffu) * (b & 0xffffffffu);
}
#endif
constexpr std::size_t kWideBlocks = sizeof(Wide) / sizeof(std::uint64_t);

/// Words of kBlocks consecutive blocks, [lane][block].
template <std::size_t kBlocks>
using Words = std::array<std::array<std::uint32_t, kBlocks>, kLanes>;

template <std::size_t kBlocks>
OHMIC_HOST_DEVICE void philox_blocks(NoiseKey key, Counter c, std::uint64_t block,
                                     Words<kBlocks>& words) {
  constexpr std::size_t kWides = kBlocks / kWideBlocks;
  const Wide zero{};
  Wide lanes{};  // a constant: vectors built lane by lane in memory stall the loads that follow
  for (std::size_t i = 0; i < kWideBlocks; ++i) lanes[i] = i;
  std::array<Wide, kWides> x0, x1, x2, x3;
  for (std::size_t v = 0; v < kWides; ++v) {
    x0[v] = lanes + (block + v * kWideBlocks);
    x1[v] = (x0[v] >> 32) | (zero + c.word1);
    x2[v] = zero + c.word2;
    x3[v] = zero + c.word3;
  }
  for (int round = 0; round < 10; ++round) {
    for (std::size_t v = 0; v < kWides; ++v) {
      const Wide p0 = multiply_low_halves(x0[v], zero + PHILOX_M4x32_0);
      const Wide p1 = multiply_low_halves(x2[v], zero + PHILOX_M4x32_1);
      x0[v] = (p1 >> 32) ^ x1[v] ^ (zero + key.k0);
      x2[v] = (p0 >> 32) ^ x3[v] ^ (zero + key.k1);
      x1[v] = p1;
      x3[v] = p0;
    }
    key.k0 += PHILOX_W32_0;
    key.k1 += PHILOX_W32_1;
  }
  for (std::size_t v = 0; v < kWides; ++v) {
    for (std::size_t i = 0; i < kWideBlocks; ++i) {
      const std::size_t b = v * kWideBlocks + i;
      words[0][b] = static_cast<std::uint32_t>(x0[v][i]);
      words[1][b] = static_cast<std::uint32_t>(x1[v][i]);
      words[2][b] = static_cast<std::uint32_t>(x2[v][i]);
      words[3][b] = static_cast<std::uint32_t>(x3[v][i]);
    }
  }
}

}  // namespace ohmic
