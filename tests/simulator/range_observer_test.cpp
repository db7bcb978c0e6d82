#include "simulator/range_observer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

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

/// Magnitudes over five orders, some negative, some 0.
std::vector<float> many_values() {
  std::vector<float> values;
  for (int i = 0; i < 5000; ++i)
    values.push_back(i % 7 == 0 ? 0.0f
                                : static_cast<float>((i % 2 ? 1 : -1) *
                                                     std::pow(10.0, -5.0 + i * 37 % 5000 / 1e3)));
  return values;
}

double sorted_percentile(std::vector<float> values, double percent) {
  for (float& v : values) v = std::abs(v);
  std::sort(values.begin(), values.end());
  const auto rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(rank) - 1];
}

double largest_of(const std::vector<float>& values) { return sorted_percentile(values, 100); }

TEST(MagnitudeHistogram, FindsPercentilesToAPerMilleOfTheLargest) {
  const std::vector<float> values = many_values();
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 100.0}) {
    MagnitudeHistogram seen(percent);
    seen.add(std::span<const float>(values));
    const double exact = sorted_percentile(values, percent);
    EXPECT_GE(seen.percentile(), exact) << percent;
    EXPECT_LE(seen.percentile(), exact + (percent < 100 ? 1e-3 * largest_of(values) : 0.0))
        << percent;
  }
}

TEST(MagnitudeHistogram, DoesNotDependOnPortions) {
  const std::vector<float> values = many_values();
  MagnitudeHistogram at_once(99), one_by_one(99), in_doubles(99);
  at_once.add(std::span<const float>(values));
  for (const float& v : values) one_by_one.add(std::span(&v, 1));
  in_doubles.add(std::span<const double>(std::vector<double>(values.begin(), values.end())));
  EXPECT_EQ(at_once.percentile(), one_by_one.percentile());
  EXPECT_EQ(at_once.percentile(), in_doubles.percentile());
}

TEST(MagnitudeHistogram, TakesPartsOfRowsAndLeavesOutWhatIsNotFinite) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::vector<float> rows = {9, 1, -2, 9, 9, nan, 3, 9, 9, inf, -4, 9};
  for (const double percent : {75.0, 100.0}) {
    MagnitudeHistogram middle(percent);
    middle.add(rows.data() + 1, 3, 4, 2);  // 1, 2, 3, 4
    EXPECT_NEAR(middle.percentile(), percent < 100 ? 3.0 : 4.0, 4e-3) << percent;
  }
}

TEST(RangeObserver, SharesRangesAsTheAdcDoes) {
  // Two row tiles of five columns in tiles of two; column n of product p shows 10 p + n + 1.
  LayerOnTiles layer;
  layer.geometry.in_channels = 4;
  layer.geometry.out_channels = 5;
  layer.tile = {2, 2};
  layer.planes.emplace_back();
  layer.periphery.adc.emplace();
  layer.periphery.adc->percentile = 100;
  const auto ranges_per = [&](RangePer per, int shared) {
    layer.periphery.adc->per = per;
    layer.periphery.adc->columns_per_adc = shared;
    RangeObserver observer(layer);
    for (std::size_t p = 0; p < 2; ++p)
      for (const float sign : {0.5f, -1.0f}) {
        std::vector<float> outputs;
        for (int n = 0; n < 5; ++n) outputs.push_back(sign * static_cast<float>(10 * p + n + 1));
        observer.see_outputs(p, std::span<const float>(outputs));
      }
    LayerRanges ranges;
    observer.write(ranges);
    return ranges.output;
  };
  using Ranges = std::vector<double>;
  EXPECT_EQ(ranges_per(RangePer::layer, 1), Ranges(10, 15.0));
  EXPECT_EQ(ranges_per(RangePer::tile, 1), Ranges({2, 2, 4, 4, 5, 12, 12, 14, 14, 15}));
  EXPECT_EQ(ranges_per(RangePer::column, 1), Ranges({1, 2, 3, 4, 5, 11, 12, 13, 14, 15}));
  EXPECT_EQ(ranges_per(RangePer::column, 2), Ranges({2, 2, 4, 4, 5, 12, 12, 14, 14, 15}));
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
