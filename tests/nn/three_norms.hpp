// A small network of images with BatchNorms in every place, and images for it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/data/dataset.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic::test {

/// A BatchNorm behind a convolution, one whose sum goes on to a residual, and one behind no layer.
inline Graph three_norms() {
  GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  const int x = g.relu(g.norm("bn1", g.convolution("conv1", 0, 4, 3, 2, true)));
  const int y = g.norm("bn2", g.convolution("conv2", x, 4, 3, 1, false));
  g.dense("linear", g.average(g.norm("bn3", g.relu(g.add(y, x)))), 10);
  return g.graph();
}

/// BatchNorms in every company: before a ReLU, both summands before one, a summand of a sum that
/// two read, and one that two read.
inline Graph joined_norms() {
  GraphMaker g(ImageSet::kSide, ImageSet::kChannels);
  const int x = g.relu(g.norm("bn1", g.convolution("conv1", 0, 4, 3, 2, true)));
  const int a = g.norm("bn2", g.convolution("conv2", x, 5, 3, 1, false));
  const int b = g.norm("bn3", g.convolution("conv3", x, 5, 1, 1, false));
  const int y = g.relu(g.add(a, b));
  const int z = g.add(y, g.norm("bn4", g.convolution("conv4", y, 5, 3, 1, false)));
  const int n = g.norm("bn5", g.convolution("conv5", z, 5, 3, 1, false));
  const int sum =
      g.add(g.convolution("conv6", n, 5, 1, 1, false), g.convolution("conv7", n, 5, 3, 1, false));
  g.dense("linear", g.average(g.add(z, sum)), 2);
  return g.graph();
}

inline ImageSet noisy_images(std::int64_t count) {
  ImageSet set;
  for (const float z : normals(static_cast<std::size_t>(count * ImageSet::kPixels), 31))
    set.pixels.push_back(static_cast<std::uint8_t>(std::clamp(128 + 50 * z, 0.0f, 255.0f)));
  set.labels.assign(static_cast<std::size_t>(count), 0);
  return set;
}

}  // namespace ohmic::test
