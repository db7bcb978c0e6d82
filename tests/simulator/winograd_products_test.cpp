// Products by minimal filtering against sums over cells in double.
#include "simulator/backends/cpu/winograd_products.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulator/backends/cpu/onednn.hpp"
#include "tests/simulator/sums_by_hand.hpp"

namespace ohmic {
namespace {

using cpu::ImagePart, cpu::WinogradProducts;
using test::by_hand, test::same_padded;

/// A valid convolution below another upper edge, of fewer rows than columns.
ConvGeometry uneven() {
  ConvGeometry g{};
  g.in_height = 6;
  g.in_width = 13;
  g.in_channels = 18;
  g.out_channels = 16;
  g.kernel_height = g.kernel_width = 3;
  g.pad_top = 2;
  g.pad_left = 1;
  return g;
}

/// Widths of 1, 2, 3 and 8 groups of outputs; whole and uneven numbers of channels.
std::vector<std::pair<std::string, ConvGeometry>> geometries() {
  return {{"4x4, 8 -> 16", same_padded(4, 8, 16, 3, 1)},
          {"8x8, 64 -> 64", same_padded(8, 64, 64, 3, 1)},
          {"12x12, 29 -> 48", same_padded(12, 29, 48, 3, 1)},
          {"32x32, 16 -> 16", same_padded(32, 16, 16, 3, 1)},
          {"6x13, 18 -> 16, uneven", uneven()}};
}

std::vector<std::pair<std::string, Dac>> dacs() {
  return {{"unsigned", {.bits = 8}},
          {"bipolar", {.bits = 8, .is_signed = true}},
          {"two phases", {.bits = 8, .is_signed = true, .drive = SignedDrive::two_phase}},
          {"slices of 3 bits", {.bits = 8, .slice_bits = 3}},
          {"signed slices of 2 bits", {.bits = 8, .is_signed = true, .slice_bits = 2}}};
}

class WinogradTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu::winograd::is_fast()) GTEST_SKIP() << "this processor has no AVX-512 VNNI";
  }
};

/// Against sums over cells. Roundings of squares are as likely up as down, so that variances are
/// closer than at worst.
void expect_sums_over_cells(const LayerOnTiles& layer) {
  const ConvGeometry& g = layer.geometry;
  const LayerPlan plan = test::tiled_plan(layer, 255);
  ASSERT_TRUE(WinogradProducts::cover(layer, plan));
  const std::vector<float> x = test::codes(test::values_in(g), layer.periphery.dac->is_signed);
  const bool is_noisy = !plan.products[0].variance.empty();
  const auto N = static_cast<std::size_t>(g.out_channels);
  const WinogradProducts products(layer, plan);
  cpu::Workspace space;
  std::size_t seen = 0;
  products.multiply(x.data(), space, [&](const ImagePart& part) {
    const TileProduct& t = plan.products[part.product];
    const auto sum_of = [&](const std::vector<double>& matrix, std::size_t i, bool squares) {
      return by_hand(g, t, matrix, plan.input.slice_mask, plan.input.phases[part.phase], x,
                     static_cast<int>(part.first + i / N), static_cast<int>(i % N), squares)
          .value;
    };
    seen += part.positions * N;
    ASSERT_EQ(part.variances != nullptr, is_noisy);
    double errors = 0, sums = 0, variance_errors = 0, variances = 0;
    // Every seventh value: all columns and all positions of a group come by.
    for (std::size_t i = 0; i < part.positions * N; i += 7) {
      const double sum = sum_of(t.G, i, false);
      errors += std::pow(part.sums[i] - sum, 2);
      sums += sum * sum;
      if (!is_noisy) continue;
      const double variance = sum_of(t.variance, i, true);
      ASSERT_GE(part.variances[i], 0);
      ASSERT_NEAR(part.variances[i], variance,
                  products.worst_variance_error() + std::exp2(-20) * variance);
      variance_errors += std::pow(part.variances[i] - variance, 2);
      variances += variance * variance;
    }
    // Weights rounded to bf16 would leave 2e-3.
    EXPECT_LT(std::sqrt(errors / sums), 1e-4) << part.product << ", " << part.phase;
    if (is_noisy) {
      EXPECT_LT(std::sqrt(variance_errors / variances), 1e-3);
    }
  });
  EXPECT_EQ(seen, plan.products.size() * plan.input.phases.size() * test::values_out(g));
}

TEST_F(WinogradTest, AreSumsOverCells) {
  for (const auto& [geometry, g] : geometries())
    for (const auto& [kind, dac] : dacs()) {
      SCOPED_TRACE(geometry + ", " + kind);
      LayerOnTiles layer = test::tiled_layer(g, dac);
      expect_sums_over_cells(layer);
      for (const double G_S : layer.planes[0].G_S)
        layer.planes[0].read_variance_S2.push_back(0.01 * G_S * G_S);
      expect_sums_over_cells(layer);
    }
}

TEST_F(WinogradTest, ReachTheLimitsOfIntegersAndAreNoWorseThanBf16There) {
  // As many channels with as large codes as are taken; the second time points reach ten times them.
  const ConvGeometry g = same_padded(8, 64, 16, 3, 1);
  for (const bool alternates : {false, true}) {
    LayerOnTiles layer = test::layer_of(
        g, std::vector<float>(static_cast<std::size_t>(g.rows()) * g.columns(), 1.0f));
    layer.periphery.dac = Dac{.bits = 12, .is_signed = true};
    layer.periphery.products = Products::automatic;
    layer.periphery.adc = Adc{.bits = 8};
    const LayerPlan plan = test::tiled_plan(layer, 2047);
    ASSERT_TRUE(WinogradProducts::cover(layer, plan));
    std::vector<float> x(test::values_in(g), 2047.0f);
    for (std::size_t i = 0; alternates && i < x.size(); ++i)
      x[i] *= i / 64 % 8 % 4 < 2 ? 1.0f : -1.0f;  // two pixels of either sign
    cpu::Workspace space;
    WinogradProducts(layer, plan).multiply(x.data(), space, [&](const ImagePart& part) {
      for (int i = 0; i < static_cast<int>(part.positions * 16); ++i) {
        const auto sum = by_hand(g, plan.products[0], plan.products[0].G, 0, plan.input.phases[0],
                                 x, i / 16, i % 16);
        ASSERT_NEAR(part.sums[i], sum.value, std::exp2(-9) * 2047 * sum.most)
            << i / 16 << ", " << i % 16;
      }
    });
  }
}

TEST_F(WinogradTest, NoInputMovesASumByMoreThanTheWorstError) {
  for (const bool is_signed : {false, true}) {
    const LayerOnTiles layer =
        test::tiled_layer(same_padded(8, 64, 64, 3, 1), {.bits = 8, .is_signed = is_signed});
    const ConvGeometry& g = layer.geometry;
    const LayerPlan plan = test::tiled_plan(layer, is_signed ? 127 : 255);
    const std::vector<float> x = test::extreme_codes(test::values_in(g), is_signed);
    const WinogradProducts products(layer, plan);
    cpu::Workspace space;
    double largest = 0;
    products.multiply(x.data(), space, [&](const ImagePart& part) {
      const TileProduct& t = plan.products[part.product];
      for (int i = 0; i < static_cast<int>(part.positions * 64); ++i) {
        const int position = static_cast<int>(part.first) + i / 64;
        const auto sum = by_hand(g, t, t.G, 0, plan.input.phases[0], x, position, i % 64);
        const double error = std::abs(part.sums[i] - sum.value);
        ASSERT_LE(error, products.worst_error() + std::exp2(-20) * 255 * sum.most);
        largest = std::max(largest, error);
      }
    });
    EXPECT_GT(largest, products.worst_error() / 100);
  }
}

TEST_F(WinogradTest, AreTakenByThemselvesWhereNoInputMovesASumByAStep) {
  if (onednn::has_amx()) GTEST_SKIP() << "matrices of bf16 numbers are taken here";
  LayerOnTiles layer = test::tiled_layer(same_padded(8, 64, 64, 3, 1), {.bits = 8});
  const test::Chosen coarse = test::chosen_products(layer, 127 * 64);
  EXPECT_GT(coarse.error, 0);
  EXPECT_LE(coarse.error, kMostRounding);
  EXPECT_EQ(coarse.outputs, coarse.of_shorter);
  EXPECT_NE(coarse.outputs, coarse.of_floats);
  const test::Chosen fine = test::chosen_products(layer, 127);
  EXPECT_EQ(fine.error, 0);
  EXPECT_EQ(fine.outputs, fine.of_floats);
  EXPECT_NE(fine.outputs, fine.of_shorter);
  layer.periphery.adc.reset();  // then there is no step to measure by
  const test::Chosen digital = test::chosen_products(layer, 127 * 64);
  EXPECT_EQ(digital.error, 0);
  EXPECT_EQ(digital.outputs, digital.of_floats);
}

// Dark windows beside the largest codes: what is exactly 0 is moved by both roundings.
TEST_F(WinogradTest, NoInputMovesAVarianceByMoreThanTheWorstError) {
  LayerOnTiles layer = test::tiled_layer(same_padded(8, 64, 64, 3, 1), {.bits = 8});
  for (const double G_S : layer.planes[0].G_S)
    layer.planes[0].read_variance_S2.push_back(1e-6 * G_S * G_S);
  const ConvGeometry& g = layer.geometry;
  const LayerPlan plan = test::tiled_plan(layer, 255);
  const WinogradProducts products(layer, plan);
  std::vector<float> small = test::codes(test::values_in(g), false), dark = small;
  for (float& v : small) v = std::fmod(v, 5.0f);
  for (std::size_t i = 0; i < dark.size(); ++i) dark[i] = i / 64 % 8 < 4 ? 255 : 0;
  cpu::Workspace space;
  double largest = 0;
  for (const auto& x : {small, dark})
    products.multiply(x.data(), space, [&](const ImagePart& part) {
      const TileProduct& t = plan.products[part.product];
      for (int i = 0; i < static_cast<int>(part.positions * 64); i += 5) {
        const int position = static_cast<int>(part.first) + i / 64;
        const auto sum =
            by_hand(g, t, t.variance, 0, plan.input.phases[0], x, position, i % 64, true);
        const double error = std::abs(part.variances[i] - sum.value);
        ASSERT_GE(part.variances[i], 0);
        ASSERT_LE(error, products.worst_variance_error() + std::exp2(-20) * sum.value);
        largest = std::max(largest, error);
      }
    });
  EXPECT_GT(largest, products.worst_variance_error() / 100);
}

// What rounding makes of a deviation that is 0 may be a step, or a part of what it is at full
// drive.
TEST_F(WinogradTest, TakeQuietAndLoudReads) {
  if (onednn::has_amx()) GTEST_SKIP() << "matrices of bf16 numbers are taken here";
  LayerOnTiles layer = test::tiled_layer(same_padded(8, 64, 64, 3, 1), {.bits = 8});
  for (const double variance : {1e-4, 1.0}) {
    layer.planes[0].read_variance_S2.assign(layer.planes[0].G_S.size(), variance);
    const test::Chosen chosen = test::chosen_products(layer, 127 * 64);
    EXPECT_GT(chosen.error, 0) << variance;
    EXPECT_LE(chosen.error, kMostRounding) << variance;
    EXPECT_EQ(chosen.outputs, chosen.of_shorter) << variance;
  }
}

TEST_F(WinogradTest, BeginAndEndWithTheFirstAndTheLastProduct) {
  LayerOnTiles layer = test::tiled_layer(same_padded(4, 24, 16, 3, 1), {.bits = 8});
  layer.planes.push_back(layer.planes[0]);
  for (const bool is_noisy : {false, true}) {
    for (Plane& plane : layer.planes)
      if (is_noisy) plane.read_variance_S2.assign(plane.G_S.size(), 0.01);
    const LayerPlan plan = test::tiled_plan(layer, 255);
    const std::vector<float> x = test::codes(test::values_in(layer.geometry), false);
    cpu::Workspace space;
    std::vector<std::size_t> order;
    WinogradProducts(layer, plan).multiply(x.data(), space, [&](const ImagePart& part) {
      order.push_back(part.product);
    });
    ASSERT_EQ(order.size(), plan.products.size());
    EXPECT_EQ(order.front(), 0u);
    EXPECT_EQ(order.back(), plan.products.size() - 1);
    std::sort(order.begin(), order.end());
    for (std::size_t p = 0; p < order.size(); ++p) EXPECT_EQ(order[p], p);
  }
}

TEST_F(WinogradTest, LoseNoCodeThatIsNoNumber) {
  const ConvGeometry g = same_padded(8, 16, 16, 3, 1);
  const LayerOnTiles layer = test::tiled_layer(g, {.bits = 8});
  const LayerPlan plan = test::tiled_plan(layer, 255);
  std::vector<float> x = test::codes(test::values_in(g), false);
  const std::size_t row = 3, column = 7;
  x[(row * 8 + column) * 16 + 5] = std::nanf("");
  cpu::Workspace space;
  WinogradProducts(layer, plan).multiply(x.data(), space, [&](const ImagePart& part) {
    for (std::size_t i = 0; i < part.positions * 16; ++i) {
      const std::size_t y = i / 16 / 8, at = i / 16 % 8;
      const bool sees = y >= row - 1 && y <= row + 1 && at >= column - 1;
      ASSERT_EQ(std::isnan(part.sums[i]), sees) << y << ", " << at;
    }
  });
}

TEST_F(WinogradTest, LeaveOtherLayersToConvolutions) {
  const auto cover = [](const ConvGeometry& g, const auto& change) {
    LayerOnTiles layer = test::tiled_layer(g, {.bits = 8});
    change(layer);
    return WinogradProducts::cover(layer, test::tiled_plan(layer, 255));
  };
  const auto as_it_is = [](LayerOnTiles&) {};
  const ConvGeometry g = same_padded(8, 16, 16, 3, 1);
  EXPECT_TRUE(cover(g, as_it_is));
  EXPECT_FALSE(cover(same_padded(8, 16, 16, 3, 2), as_it_is));
  EXPECT_FALSE(cover(same_padded(8, 16, 16, 5, 1), as_it_is));
  EXPECT_FALSE(cover(same_padded(8, 3, 16, 3, 1), as_it_is));
  EXPECT_FALSE(cover(same_padded(8, 16, 10, 3, 1), as_it_is));
  EXPECT_FALSE(cover(same_padded(6, 16, 16, 3, 1), as_it_is));
  EXPECT_FALSE(cover(g, [](LayerOnTiles& l) { l.periphery.products = Products::f32; }));
  EXPECT_FALSE(cover(g, [](LayerOnTiles& l) { l.periphery.products = Products::bf16x2; }));
  EXPECT_FALSE(cover(g, [](LayerOnTiles& l) { l.periphery.dac.reset(); }));
  EXPECT_FALSE(cover(g, [](LayerOnTiles& l) { l.periphery.dac->bits = 12; }));
  const auto eleven_bits = [](LayerOnTiles& l) { l.periphery.dac->bits = 11; };
  EXPECT_TRUE(cover(g, eleven_bits));
  const auto noisy = [](LayerOnTiles& l, double variance) {
    l.planes[0].read_variance_S2.assign(l.planes[0].G_S.size(), variance);
  };
  EXPECT_TRUE(cover(g, [&](LayerOnTiles& l) { noisy(l, 1e-4); }));
  EXPECT_FALSE(
      cover(g, [&](LayerOnTiles& l) { noisy(l, std::numeric_limits<double>::infinity()); }));
  EXPECT_FALSE(cover(g, [&](LayerOnTiles& l) {
    noisy(l, 1e-4);
    l.periphery.dac->bits = 9;
  }));
  const ConvGeometry wide = same_padded(8, 80, 16, 3, 1);
  EXPECT_TRUE(cover(wide, eleven_bits));  // in tiles of 100 rows
  EXPECT_FALSE(cover(wide, [&](LayerOnTiles& l) {
    eleven_bits(l);
    l.tile = {};
  }));
}

}  // namespace
}  // namespace ohmic
