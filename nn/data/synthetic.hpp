// The built-in data set: ten classes of shapes, drawn anew from a seed, so that everything runs
// without a network or files. Position, size, rotation, colours, background, clutter and noise vary
// from image to image; some images are too faint or too crowded to be told apart.
#pragma once

#include <cstdint>

#include "nn/data/dataset.hpp"

namespace ohmic {

enum class SyntheticPart : std::uint16_t { train = 0, test = 1 };

/// Image i has class i mod 10; its content depends on (seed, part, i) only, so a longer set begins
/// with the shorter one. The same bytes on every IEEE machine: sums, products and square roots
/// only.
ImageSet synthetic_images(std::int64_t images, std::uint64_t seed, SyntheticPart);

}  // namespace ohmic
