// The noise of paths (mixed_draw.hpp), for the fills of noise.hpp to find.
#pragma once

#include <span>
#include <vector>

#include "simulator/random/mixed_draw.hpp"

namespace ohmic {

/// The noise of one path.
class Mixture {
 public:
  Mixture(std::uint64_t seed, const NoisePath&);

  void bits(Address, std::uint64_t first, std::span<std::uint32_t> out) const;
  void uniforms(Address, std::uint64_t first, std::span<float> out) const;
  void normals(Address, std::uint64_t first, std::span<float> out) const;
  /// Of the draw that MVMs take their noise from.
  NoiseKey reads() const { return reads_; }

 private:
  struct Step {
    NoiseKey fresh, chooser;
    double kept;
  };
  template <class Element>
  using Fill = void (*)(NoiseKey, Address, std::uint64_t first, std::span<Element>);

  /// What the steps make of the first draw's elements; take(step, first, fresh, part) changes some
  /// of them as one does, `fresh` being those of its draw.
  template <class Element, class Take>
  void mix(Fill<Element>, Address, std::uint64_t first, std::span<Element> out, const Take&) const;
  template <class Element>
  void renew(Fill<Element>, Address, std::uint64_t first, std::span<Element> out) const;

  NoiseKey first_, reads_;
  std::vector<Step> steps_;
};

/// The mixture that has this key while its MixedDraw lives, else null.
const Mixture* mixture_of(NoiseKey);

}  // namespace ohmic
