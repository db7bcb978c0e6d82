// Philox4x32-10 blocks by address: the one place where an address becomes a counter.
//
// The 128-bit counter holds, from its lowest word, four numbers per block of elements:
//
//   word 0   block, bits 0..31             element i is lane i % 4 of block i / 4
//   word 1   block, bits 32..47  |  event, bits 0..15 << 16
//   word 2   event, bits 16..47
//   word 3   stream  |  role << 8  |  layer << 16
//
// Source: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11.
#pragma once

#include <Random123/philox.h>

#include <cstdint>

#include "simulator/host_device.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {

/// Elements of a sequence that share one Philox block.
constexpr std::uint64_t kLanes = 4;

/// The words of an address that do not depend on the element.
struct Counter {
  std::uint32_t word1, word2, word3;
};

OHMIC_HOST_DEVICE Counter counter_of(Address a) {
  return {static_cast<std::uint32_t>(a.event) << 16, static_cast<std::uint32_t>(a.event >> 16),
          static_cast<std::uint32_t>(a.stream) | std::uint32_t{a.role} << 8 |
              std::uint32_t{a.layer} << 16};
}

/// The four words of block `block` (48 bits used).
OHMIC_HOST_DEVICE philox4x32_ctr_t philox_block(NoiseKey key, Counter c, std::uint64_t block) {
  const philox4x32_ctr_t counter = {{static_cast<std::uint32_t>(block),
                                     static_cast<std::uint32_t>(block >> 32) | c.word1, c.word2,
                                     c.word3}};
  const philox4x32_key_t k = {{key.k0, key.k1}};
  return philox4x32_R(10, counter, k);
}

}  // namespace ohmic
