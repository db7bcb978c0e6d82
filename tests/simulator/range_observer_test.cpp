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

/// What MagnitudeHistogram may say above the exact percentile.
constexpr double kAbove = 1.0 / 512;

double found(const std::vector<float>& values, double percent) {
  MagnitudeHistogram seen(percent);
  seen.add(std::span<const float>(values));
  return seen.percentile();
}

TEST(MagnitudeHistogram, FindsPercentilesToAFewPerMilleOfThemselves) {
  const std::vector<float> values = many_values();
  for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
    const double exact = sorted_percentile(values, percent);
    EXPECT_GE(found(values, percent), exact) << percent;
    EXPECT_LE(found(values, percent), exact * (1 + kAbove)) << percent;
  }
  EXPECT_EQ(found(values, 100), sorted_percentile(values, 100));
}

TEST(MagnitudeHistogram, TakesNoNoticeOfHowLargeTheLargestAre) {
  for (const float outlier : {1.0f, 1e2f, 1e3f, 1e4f, 1e9f, 3e38f}) {
    std::vector<float> values{outlier};
    for (int i = 1; i < 100000; ++i) values.push_back(static_cast<float>(i % 1000) / 1000.0f);
    EXPECT_NEAR(found(values, 99), 0.99, 0.99 * kAbove) << outlier;
  }
}

TEST(MagnitudeHistogram, IsAsFineAtEveryScale) {
  for (const double scale : {1e-30, 1e-12, 1e-3, 1.0, 1e6, 1e30}) {
    std::vector<float> values = many_values();
    for (float& v : values) v = static_cast<float>(v * scale);
    const double exact = sorted_percentile(values, 99);
    EXPECT_GE(found(values, 99), exact) << scale;
    EXPECT_LE(found(values, 99), exact * (1 + kAbove)) << scale;
  }
}

TEST(MagnitudeHistogram, GivesTheSmallestAboveZeroWhereThePercentileIsZero) {
  EXPECT_NEAR(found({0, 0, 0, 0.25f, 0, 4}, 50), 0.25, 0.25 * kAbove);
  EXPECT_EQ(found({0, 0, 0}, 50), 0);
  EXPECT_EQ(found({}, 50), 0);
}

TEST(MagnitudeHistogram, DoesNotDependOnOrder) {
  std::vector<float> values = many_values();
  const double forwards = found(values, 97);
  std::reverse(values.begin(), values.end());
  EXPECT_EQ(found(values, 97), forwards);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(found(values, 97), forwards);
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
    EXPECT_NEAR(middle.percentile(), percent < 100 ? 3.0 : 4.0, 3.0 * kAbove) << percent;
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

// Six columns in three groups of two, each with an array of its own, on tiles that would hold four.
TEST(RangeObserver, SharesNoRangeAmongGroups) {
  LayerOnTiles layer;
  layer.geometry.in_channels = 6;
  layer.geometry.out_channels = 6;
  layer.geometry.groups = 3;
  layer.tile = {4, 4};
  layer.planes.emplace_back();
  layer.periphery.adc.emplace();
  layer.periphery.adc->percentile = 100;
  const auto ranges_per = [&](RangePer per, int shared) {
    layer.periphery.adc->per = per;
    layer.periphery.adc->columns_per_adc = shared;
    RangeObserver observer(layer);
    observer.see_outputs(0, std::span<const float>(std::vector<float>{1, 2, 3, 4, 5, 6}));
    LayerRanges ranges;
    observer.write(ranges);
    return ranges.output;
  };
  using Ranges = std::vector<double>;
  EXPECT_EQ(ranges_per(RangePer::layer, 1), Ranges(6, 6.0));
  EXPECT_EQ(ranges_per(RangePer::tile, 1), Ranges({2, 2, 4, 4, 6, 6}));
  EXPECT_EQ(ranges_per(RangePer::column, 4), Ranges({2, 2, 4, 4, 6, 6}));
  EXPECT_EQ(ranges_per(RangePer::column, 1), Ranges({1, 2, 3, 4, 5, 6}));
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
