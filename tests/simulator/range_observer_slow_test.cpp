// More values of one magnitude than a counter of 32 bits holds.
#include <gtest/gtest.h>

#include "simulator/range_observer.hpp"

namespace ohmic {
namespace {

TEST(MagnitudeHistogram, CountsMoreThan32Bits) {
  MagnitudeHistogram seen(60);
  const std::vector<float> few(1 << 20, 4.0f), many(1 << 20, 1.0f);
  for (int i = 0; i < 4097; ++i) seen.add(std::span<const float>(many));
  for (int i = 0; i < 2048; ++i) seen.add(std::span<const float>(few));
  EXPECT_NEAR(seen.percentile(), 1.0, 1.0 / 512);  // two thirds of all
}

}  // namespace
}  // namespace ohmic
