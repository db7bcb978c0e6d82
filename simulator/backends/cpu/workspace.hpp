// Buffers of one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/backends/cpu/chunks.hpp"
#include "simulator/bf16.hpp"

namespace ohmic::cpu {

/// What drives the rows of every slice of channels, images x H x W x channels, and work space.
template <class T>
struct DriveBuffers {
  std::vector<Buffer<T>> slices;
  Buffer<T> block, squares;
};

/// Sums of several bits of the inputs.
struct BitSpace {
  Buffer<float> f32;
  Buffer<std::int16_t> i16;
};

struct Workspace {
  Buffer<float> codes, signed_squares, cubes, sums, variances, bias;
  DriveBuffers<float> f32;
  DriveBuffers<Bf16> bf16;
  bool has_nan = false;  ///< whether what drives rows in bf16 is somewhere no number
  Buffer<std::uint64_t> words;
  BitSpace bit_sums, bit_variances;
  Buffer<float> digits, part, squares;
  Buffer<std::int16_t> line, points, square_points;
};

}  // namespace ohmic::cpu
