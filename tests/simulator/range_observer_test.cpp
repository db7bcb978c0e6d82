#include "simulator/range_observer.hpp"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// Four rows in two row tiles of a layer with two columns; elements of at most 1 S.
LayerOnTiles small_layer(AdcRange range) {
  LayerOnTiles layer;
  layer.geometry.in_channels = 4;
  layer.geometry.out_channels = 2;
  layer.tile = {2, 2};
  Plane plane;
  plane.current_span_S = 1.0;
  plane.weight_per_S = 3.0;
  plane.G_S.assign(8, 0.5);
  layer.planes.push_back(plane);
  layer.periphery.adc.emplace();
  layer.periphery.adc->range = range;
  return layer;
}

TEST(UnusedBits, AreLog2OfFullScaleOverWhatTheBusiestColumnShows) {
  // Inputs to 8, two rows of 1 S: the largest output is 16; the busiest column shows 0.5.
  const LayerRanges ranges{8.0, {0.25, 0.5, 0.125, 0.5}};
  EXPECT_DOUBLE_EQ(unused_bits(small_layer(AdcRange::max), ranges), 5.0);
}

TEST(UnusedBits, AreNoneWhereCalibrationSetsTheRange) {
  const LayerRanges ranges{8.0, {0.25, 0.5, 0.125, 0.5}};
  EXPECT_DOUBLE_EQ(unused_bits(small_layer(AdcRange::calibrated), ranges), 0.0);
  EXPECT_DOUBLE_EQ(unused_bits(small_layer(AdcRange::max), {8.0, {0, 0, 0, 0}}), 0.0);
  LayerOnTiles ideal = small_layer(AdcRange::max);
  ideal.periphery.adc.reset();
  EXPECT_DOUBLE_EQ(unused_bits(ideal, ranges), 0.0);
}

}  // namespace
}  // namespace ohmic
