#include "simulator/random/noise.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "simulator/error.hpp"
#include "simulator/random/element.hpp"
#include "simulator/random/mixture.hpp"
#include "simulator/random/normal.hpp"
#include "simulator/random/philox_wide.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kBlocks = 32;  // per pass: four or more wides keep the multiplier busy
constexpr std::size_t kElements = kBlocks * kLanes;

struct Sequence {
  NoiseKey key;
  Counter counter;
};

// The elements of one pass from block `block` on, as bits, uniforms or normals.
OHMIC_VECTOR_CLONES void pass_bits(const Sequence& s, std::uint64_t block, std::uint32_t* out) {
  alignas(64) Words<kBlocks> w;
  philox_blocks<kBlocks>(s.key, s.counter, block, w);
#pragma omp simd simdlen(16)
  for (std::size_t b = 0; b < kBlocks; ++b) {
    out[b * kLanes + 0] = w[0][b];
    out[b * kLanes + 1] = w[1][b];
    out[b * kLanes + 2] = w[2][b];
    out[b * kLanes + 3] = w[3][b];
  }
}

OHMIC_VECTOR_CLONES void pass_uniforms(const Sequence& s, std::uint64_t block, float* out) {
  alignas(64) Words<kBlocks> w;
  philox_blocks<kBlocks>(s.key, s.counter, block, w);
#pragma omp simd simdlen(16)
  for (std::size_t b = 0; b < kBlocks; ++b) {
    out[b * kLanes + 0] = uniform_of(w[0][b]);
    out[b * kLanes + 1] = uniform_of(w[1][b]);
    out[b * kLanes + 2] = uniform_of(w[2][b]);
    out[b * kLanes + 3] = uniform_of(w[3][b]);
  }
}

OHMIC_VECTOR_CLONES void pass_normals(const Sequence& s, std::uint64_t block, float* out) {
  alignas(64) Words<kBlocks> w;
  philox_blocks<kBlocks>(s.key, s.counter, block, w);
#pragma omp simd simdlen(16)
  for (std::size_t b = 0; b < kBlocks; ++b) {
    const NormalPair p = normal_pair(w[0][b], w[1][b]);
    const NormalPair q = normal_pair(w[2][b], w[3][b]);
    out[b * kLanes + 0] = p.z0;
    out[b * kLanes + 1] = p.z1;
    out[b * kLanes + 2] = q.z0;
    out[b * kLanes + 3] = q.z1;
  }
}

void check_address(Address a, std::uint64_t first, std::size_t size) {
  OHMIC_ASSERT(a.event >> 48 == 0);
  OHMIC_ASSERT((first + size) >> 50 == 0);
}

template <class Element, class Out>
void fill(void (*pass)(const Sequence&, std::uint64_t, Element*), NoiseKey key, Address address,
          std::uint64_t first, std::span<Out> out) {
  check_address(address, first, out.size());
  const Sequence sequence{key, counter_of(address)};
  alignas(64) std::array<Element, kElements> elements;
  while (!out.empty()) {
    pass(sequence, first / kLanes, elements.data());
    const std::size_t skip = first % kLanes;
    const std::size_t n = std::min(kElements - skip, out.size());
    std::copy_n(elements.begin() + static_cast<std::ptrdiff_t>(skip), n, out.begin());
    out = out.subspan(n);
    first += n;
  }
}

}  // namespace

NoiseKey noise_key(std::uint64_t seed, std::uint64_t draw) {
  const NoiseKey seeded{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  const Counter high{static_cast<std::uint32_t>(draw >> 48) << 16, 0, 0};
  const philox4x32_ctr_t w = philox_block(seeded, high, draw & 0xffffffffffffu);
  return {w.v[0], w.v[1]};
}

void fill_bits(NoiseKey key, Address address, std::uint64_t first, std::span<std::uint32_t> out) {
  if (const Mixture* mixture = mixture_of(key)) return mixture->bits(address, first, out);
  fill(pass_bits, key, address, first, out);
}

void fill_uniforms(NoiseKey key, Address address, std::uint64_t first, std::span<float> out) {
  if (const Mixture* mixture = mixture_of(key)) return mixture->uniforms(address, first, out);
  fill(pass_uniforms, key, address, first, out);
}

void fill_normals(NoiseKey key, Address address, std::uint64_t first, std::span<float> out) {
  if (const Mixture* mixture = mixture_of(key)) return mixture->normals(address, first, out);
  fill(pass_normals, key, address, first, out);
}

void fill_normals(NoiseKey key, Address address, std::uint64_t first, std::span<double> out) {
  if (!mixture_of(key)) return fill(pass_normals, key, address, first, out);
  std::vector<float> z(out.size());
  fill_normals(key, address, first, std::span(z));
  std::copy(z.begin(), z.end(), out.begin());
}

std::uint32_t bits_at(NoiseKey key, Address address, std::uint64_t element) {
  if (!mixture_of(key)) return bits_of_element(key, address, element);
  std::uint32_t bits;
  fill_bits(key, address, element, {&bits, 1});
  return bits;
}

float normal_at(NoiseKey key, Address address, std::uint64_t element) {
  if (!mixture_of(key)) return normal_of_element(key, address, element);
  float z;
  fill_normals(key, address, element, std::span(&z, 1));
  return z;
}

}  // namespace ohmic
