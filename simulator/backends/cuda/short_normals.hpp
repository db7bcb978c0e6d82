// Short normals for a thread that goes through neighbouring elements.
#pragma once

#include <cstdint>

#include "simulator/random/short_normal.hpp"

namespace ohmic::cuda {

/// Remembers the last Philox block and the last pair: elements 16 apart within a group of 128 share
/// a block, and every second step among them a pair (short_normal.hpp). Bits are those of
/// short_normal_at.
class ShortNormals {
 public:
  OHMIC_HOST_DEVICE float at(NoiseKey key, Address address, std::uint64_t element) {
    const auto r = static_cast<std::uint32_t>(element % kShortGroup);
    const std::uint64_t block = element / kShortGroup * kShortGroupBlocks + r % kShortGroupBlocks;
    const auto word = static_cast<int>(r / 32);
    const bool same = block == block_ && address.event == event_;
    if (!same) {
      words_ = philox_block(key, counter_of(address), block);
      block_ = block;
      event_ = address.event;
    }
    if (!same || word != word_) {
      pair_ = short_normal_pair(select(word));
      word_ = word;
    }
    return r / 16 % 2 == 0 ? pair_.z0 : pair_.z1;
  }

 private:
  /// words_.v[word] without an address, which registers do not have.
  OHMIC_HOST_DEVICE std::uint32_t select(int word) const {
    const std::uint32_t low = word == 0 ? words_.v[0] : words_.v[1];
    const std::uint32_t high = word == 2 ? words_.v[2] : words_.v[3];
    return word < 2 ? low : high;
  }

  std::uint64_t block_ = ~std::uint64_t{0}, event_ = 0;
  int word_ = -1;
  philox4x32_ctr_t words_{};
  NormalPair pair_{};
};

}  // namespace ohmic::cuda
