// One element of an addressed sequence: the bits that fill_bits, fill_uniforms and fill_normals
// give it, for kernels and for whoever needs one alone.
#pragma once

#include <cstdint>

#include "simulator/random/normal.hpp"
#include "simulator/random/philox.hpp"

namespace ohmic {

/// Of four words one, without an index: an array that is indexed does not stay in registers.
OHMIC_HOST_DEVICE std::uint32_t word_of(const philox4x32_ctr_t& words, std::uint64_t lane) {
  const std::uint32_t low = lane == 0 ? words.v[0] : words.v[1];
  const std::uint32_t high = lane == 2 ? words.v[2] : words.v[3];
  return lane < 2 ? low : high;
}

OHMIC_HOST_DEVICE std::uint32_t bits_of_element(NoiseKey key, Address address,
                                                std::uint64_t element) {
  return word_of(philox_block(key, counter_of(address), element / kLanes), element % kLanes);
}

OHMIC_HOST_DEVICE float uniform_of_element(NoiseKey key, Address address, std::uint64_t element) {
  return uniform_of(bits_of_element(key, address, element));
}

OHMIC_HOST_DEVICE float normal_of_element(NoiseKey key, Address address, std::uint64_t element) {
  const philox4x32_ctr_t words = philox_block(key, counter_of(address), element / kLanes);
  const bool first = element % kLanes < 2;
  const NormalPair z =
      normal_pair(first ? words.v[0] : words.v[2], first ? words.v[1] : words.v[3]);
  return element % 2 == 0 ? z.z0 : z.z1;
}

}  // namespace ohmic
