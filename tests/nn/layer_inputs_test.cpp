// Distances between the inputs of a layer, by hand and as often as chance makes them.
#include "nn/torch/layer_inputs.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

/// Samples x channels.
LayerInputs inputs(const std::vector<float>& x, std::int64_t channels) {
  LayerInputs seen;
  const std::int64_t samples = std::ssize(x) / channels, half = samples / 2;
  seen.add(x.data(), half, 1, channels);
  seen.add(x.data() + half * channels, samples - half, 1, channels);
  return seen;
}

std::vector<float> moved(std::vector<float> x, float factor, float by = 0) {
  for (float& v : x) v = factor * v + by;
  return x;
}

// Two channels, two samples each: means (1, 2) and (3, 2), mean squares 3 and 6.5, variances 1 and
// 0 of the first set, whose samples differ so that their means have a chance of 1.
TEST(LayerInputs, DistancesAreThoseByHand) {
  const LayerInputs a = inputs({0, 2, 2, 2}, 2), b = inputs({3, 2, 3, 2}, 2);
  const LayerDistance d = b.distance_from(a);
  EXPECT_NEAR(d.size, std::sqrt(13.0 / 6.0), 1e-12);
  EXPECT_NEAR(d.shift, std::sqrt((4 - 1) / 1.0), 1e-12);
}

// One channel of two positions: the sample's mean is that of both.
TEST(LayerInputs, PositionsOfAChannelBelongTogether) {
  LayerInputs a, b;
  const float x[] = {0, 2, 1, 1}, y[] = {2, 4, 3, 3};
  a.add(x, 2, 2, 1);
  b.add(y, 2, 2, 1);
  const LayerDistance d = b.distance_from(a);
  EXPECT_NEAR(d.size, std::sqrt(9.5 / 1.5), 1e-12);
  EXPECT_NEAR(d.shift, 2 / std::sqrt(0.5), 1e-12) << "samples' means are equal: none by chance";
}

// 400 pairs of sets of one population, 10 and 60 samples of 4 and 200 numbers, half of whose
// variance a sample has in common: none is called unlike. Three times the size and 1.2 standard
// deviations away are, with 60 samples.
TEST(LayerInputs, OfOnePopulationAreAlike) {
  for (const std::int64_t width : {4, 200})
    for (const std::int64_t samples : {10, 60})
      for (std::uint64_t i = 0; i < 100; ++i) {
        const auto set = [&](std::uint64_t seed) {
          auto x = test::normals(static_cast<std::size_t>(samples * width), 4 * i + seed);
          const auto own = test::normals(static_cast<std::size_t>(samples), 4000 + 4 * i + seed);
          for (std::size_t k = 0; k < x.size(); ++k)
            x[k] += own[k / static_cast<std::size_t>(width)];
          return x;
        };
        const auto x = set(0), y = set(1);
        const LayerInputs other = inputs(y, width);
        EXPECT_FALSE(inputs(x, width).is_unlike(other)) << width << " " << samples << " " << i;
        if (samples < 60) continue;
        EXPECT_TRUE(inputs(moved(x, 3), width).is_unlike(other)) << width << " " << i;
        EXPECT_TRUE(inputs(moved(x, 1, 1.7f), width).is_unlike(other)) << width << " " << i;
      }
}

TEST(LayerInputs, OfFewSamplesAndOfOneValueSayNothing) {
  const auto few = test::normals(7 * 4, 1), many = test::normals(30 * 4, 2);
  const LayerInputs other = inputs(many, 4);
  EXPECT_FALSE(inputs(moved(few, 20), 4).is_unlike(other));
  EXPECT_FALSE(other.is_unlike(inputs(std::vector<float>(30 * 4, 1.0f), 4)));
  EXPECT_TRUE(inputs(moved(many, std::numeric_limits<float>::infinity()), 4).is_unlike(other));
}

}  // namespace
}  // namespace ohmic
