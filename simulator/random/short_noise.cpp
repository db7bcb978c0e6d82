#include "simulator/random/short_noise.hpp"

#include <algorithm>
#include <array>

#include "simulator/error.hpp"
#include "simulator/random/mixture.hpp"
#include "simulator/random/philox_wide.hpp"
#include "simulator/random/short_normal.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kBlocks = 32;  // per pass: four or more wides keep the multiplier busy
constexpr std::size_t kElements = kBlocks / kShortGroupBlocks * kShortGroup;

/// The elements of the groups that begin at block `block`.
OHMIC_VECTOR_CLONES void pass(NoiseKey key, Counter counter, std::uint64_t block, float* out) {
  alignas(64) Words<kBlocks> w;
  philox_blocks<kBlocks>(key, counter, block, w);
  for (std::size_t group = 0; group < kBlocks / kShortGroupBlocks; ++group)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::uint32_t* words = w[lane].data() + group * kShortGroupBlocks;
      float* pairs = out + group * kShortGroup + lane * 2 * kShortGroupBlocks;
#pragma omp simd simdlen(16)
      for (std::size_t b = 0; b < kShortGroupBlocks; ++b) {
        const NormalPair z = short_normal_pair(words[b]);
        pairs[b] = z.z0;
        pairs[b + kShortGroupBlocks] = z.z1;
      }
    }
}

}  // namespace

void fill_short_normals(NoiseKey key, Address address, std::uint64_t first, std::span<float> out) {
  OHMIC_ASSERT(address.event >> 48 == 0 && (first + out.size()) >> 50 == 0);
  if (const Mixture* mixture = mixture_of(key)) key = mixture->reads();
  const Counter counter = counter_of(address);
  alignas(64) std::array<float, kElements> elements;
  while (!out.empty()) {
    const std::size_t skip = first % kShortGroup;
    const std::uint64_t block = first / kShortGroup * kShortGroupBlocks;
    const std::size_t n = std::min(kElements - skip, out.size());
    if (n == kElements) {
      pass(key, counter, block, out.data());
    } else {
      pass(key, counter, block, elements.data());
      std::copy_n(elements.begin() + static_cast<std::ptrdiff_t>(skip), n, out.begin());
    }
    out = out.subspan(n);
    first += n;
  }
}

}  // namespace ohmic
