// Addressed randomness: noise is a function of what it is drawn for, never of when.
//
// Philox4x32-10 (Salmon et al., SC'11, through Random123). The key comes from (seed, draw); the
// 128-bit counter from (stream, layer, role, event, cell). A draw therefore does not depend on tile
// size, batch, thread count, visiting order, rank or back end, and switching one source of noise
// off leaves the others untouched. Bits are identical everywhere; normals are computed with
// explicit fma and without contraction, so they too are the same bits on every IEEE machine.
#pragma once

#include <cstdint>
#include <span>

namespace ohmic {

/// What noise is drawn for. Values are part of the published bits: never renumber, only append.
enum class Stream : std::uint8_t {
  programming = 1,
  drift = 2,
  read = 3,    ///< per-MVM device noise
  output = 4,  ///< per-MVM noise at the converter's input
  adc = 5,     ///< frozen converter errors (offset, gain, capacitor mismatch)
  stuck = 6,
  variation = 7,  ///< die, tile and spatially correlated variation
  digital = 8,    ///< noise on tensors that live in digital memory (biases, BatchNorm)
  initialization = 9,
  shuffle = 10,
  augmentation = 11,
  synthetic_data = 12,
  rounding = 13,  ///< stochastic rounding
  telegraph = 14,
  resampling = 15,      ///< bootstrap and search
  training_noise = 16,  ///< on weights in the forward passes of training
};

/// 64-bit Philox key of one draw.
struct NoiseKey {
  std::uint32_t k0 = 0;
  std::uint32_t k1 = 0;
};

/// Key for draw `draw` of an experiment seeded with `seed`.
NoiseKey noise_key(std::uint64_t seed, std::uint64_t draw);

/// Everything but the cell: which random sequence is meant.
struct Address {
  Stream stream;
  std::uint16_t layer = 0;  ///< index of the layer in the network
  std::uint8_t role = 0;    ///< which device of the cell (polarity, slice), or converter
  std::uint64_t event = 0;  ///< time step, image, epoch ... (48 bits used)
};

/// Event of an MVM of sample `sample` (< 2^33) at time step `step` (< 2^15) of a sequence.
constexpr std::uint64_t mvm_event(std::uint64_t sample, std::uint64_t step) {
  return sample | step << 33;
}

// Fills work in passes of 128 elements on one thread: many short ones waste most of a pass.

/// out[i] = the 32 random bits of element `first + i` (< 2^50) of the sequence.
void fill_bits(NoiseKey, Address, std::uint64_t first, std::span<std::uint32_t> out);
/// Uniform in (0, 1), 2^-33 at least, of the same bits.
void fill_uniforms(NoiseKey, Address, std::uint64_t first, std::span<float> out);
/// Standard normals (Box-Muller, |z| <= 6.77), single precision in value, given as float or double.
void fill_normals(NoiseKey, Address, std::uint64_t first, std::span<float> out);
void fill_normals(NoiseKey, Address, std::uint64_t first, std::span<double> out);
/// One element by itself; equal to what the fills give.
float normal_at(NoiseKey, Address, std::uint64_t element);
std::uint32_t bits_at(NoiseKey, Address, std::uint64_t element);

}  // namespace ohmic
