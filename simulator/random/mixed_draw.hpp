// Chips between chips: a draw whose noise is made of the noise of other draws, for Markov chains
// over chips.
//
// A path begins as a plain draw. Each step keeps a part c of the noise that there was and takes the
// rest from a draw of its own, number by number:
//
//   normals             z' = c z + sqrt(1 - c^2) z(draw)
//   bits and uniforms   those of the step's draw with probability 1 - c, else what they were
//
// Numbers that are independent and standard normal, or uniform, stay so, and a step backwards is as
// likely as the step: a kernel that leaves the law of every device model as it is, with
// autocorrelation c, however many numbers a chip takes (preconditioned Crank-Nicolson: Neal,
// Bayesian Statistics 6, 475, 1999; Cotter et al., Stat. Sci. 28, 424, 2013).
//
// Whoever takes noise by (seed, draw) takes it of such a chip by the number that a MixedDraw has
// while it lives: devices, plug-ins, converters and digital tensors know nothing of it. Kernels of
// a GPU, which make noise of the key alone, do not see paths.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/random/noise.hpp"

namespace ohmic {

/// Draws of paths are below.
inline constexpr std::uint64_t kPathDraws = std::uint64_t{1} << 61;

struct NoisePath {
  struct Step {
    std::uint64_t draw;  ///< no other step of any path has it
    double kept;         ///< c, 0 to 1
  };
  std::uint64_t first = 0;       ///< the plain draw
  std::vector<Step> steps = {};  ///< in their order
  /// The draw of what is drawn anew at each MVM (Stream::read, Stream::output).
  std::uint64_t reads = 0;

  static NoisePath plain(std::uint64_t draw) { return {draw, {}, draw}; }
};

class MixedDraw {
 public:
  MixedDraw(std::uint64_t seed, const NoisePath&);
  ~MixedDraw();
  MixedDraw(const MixedDraw&) = delete;
  MixedDraw& operator=(const MixedDraw&) = delete;

  /// noise_key(seed, number()) is the key of the path's noise; 2^62 or more.
  std::uint64_t number() const { return number_; }

 private:
  std::uint64_t number_;
  NoiseKey key_;
};

}  // namespace ohmic
