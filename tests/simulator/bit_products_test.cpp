// Sums of bits from tables against sums over cells in double, on every geometry, and their errors
// against what the header promises.
#include "simulator/backends/cpu/bit_products.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/simulator/sums_by_hand.hpp"

namespace ohmic {
namespace {

using test::by_hand, test::Sum;

constexpr int kBits = 8;

/// Two row tiles' worth of planes, read with noise, a row of biases among them.
LayerOnTiles noisy_layer(const ConvGeometry& g, const Dac& dac) {
  LayerOnTiles layer = test::tiled_layer(g, dac);
  Plane& plane = layer.planes[0];
  for (const double G : plane.G_S) plane.read_variance_S2.push_back(0.01 * G * G);
  return layer;
}

struct Kind {
  std::string name;
  Dac dac;
  Products products;
};

std::vector<Kind> kinds() {
  const Dac plain{.bits = kBits, .slice_bits = 1};
  const Dac bipolar{.bits = kBits, .is_signed = true, .slice_bits = 1};
  Dac two_phase = bipolar;
  two_phase.drive = SignedDrive::two_phase;
  std::vector<Kind> all;
  for (const auto& [name, products] :
       {std::pair{"float", Products::f32}, std::pair{"bf16", Products::bf16}}) {
    all.push_back({std::string("unsigned, ") + name, plain, products});
    all.push_back({std::string("bipolar, ") + name, bipolar, products});
    all.push_back({std::string("two phases, ") + name, two_phase, products});
  }
  all.push_back({"12 bits", Dac{.bits = 12, .slice_bits = 1}, Products::f32});
  all.push_back({"3 bits", Dac{.bits = 3, .slice_bits = 1}, Products::f32});
  return all;
}

/// As a fraction of the most a column reaches: the float roundings of K sums, or half a step for
/// every table that a window has (of four channels at each tap).
double error_of(const ConvGeometry& g, const TileProduct& t, Products products) {
  if (products == Products::f32) return test::tolerance(1);
  const int taps = g.kernel_height * g.kernel_width;
  return taps * (t.rows / taps / 4 + 3) * 0.5 / 32000 + test::tolerance(1);
}

TEST(BitProducts, AreSumsOverCells) {
  for (const auto& [geometry, shape] : test::geometries())
    for (const Kind& kind : kinds()) {
      SCOPED_TRACE(geometry + ", " + kind.name);
      const ConvGeometry& g = shape;  // clang 14 lets no lambda capture a structured binding
      const LayerOnTiles layer = noisy_layer(g, kind.dac);
      const LayerPlan plan = plan_layer(
          layer, {255, std::vector<double>(
                           static_cast<std::size_t>(layer.tile.row_tiles(layer.geometry.rows()) *
                                                    g.out_channels),
                           127)});
      ASSERT_TRUE(cpu::BitProducts::cover(layer, plan));
      const std::vector<float> x = test::codes(test::values_in(g), kind.dac.is_signed);
      const cpu::BitProducts products(layer, plan, kind.products);
      cpu::Workspace space;
      std::size_t seen = 0;
      products.multiply(x.data(), space, [&](const cpu::ImagePart& part) {
        const TileProduct& t = plan.products[part.product];
        const Phase& phase = plan.input.phases[part.phase];
        const double error = error_of(g, t, kind.products);
        const auto N = static_cast<std::size_t>(g.out_channels);
        seen += part.positions * N;
        // Every seventh value: all residues of the columns come by.
        for (std::size_t i = 0; i < part.positions * N; i += 7) {
          const int position = static_cast<int>(part.first + i / N), n = static_cast<int>(i % N);
          const Sum sum = by_hand(layer.geometry, t, t.G, 1, phase, x, position, n);
          ASSERT_NEAR(part.sums[i], sum.value, error * sum.most) << position << ", " << n;
          const Sum variance =
              by_hand(layer.geometry, t, t.variance, 1, phase, x, position, n, true);
          ASSERT_NEAR(part.variances[i], variance.value, error * variance.most);
        }
      });
      EXPECT_EQ(seen, plan.products.size() * plan.input.phases.size() * test::values_out(g));
    }
}

TEST(BitProducts, OfShortSumsReachTheirLimitsAndNoFurther) {
  // All rows on: the most a column can reach, of one sign, of both, and of the other.
  ConvGeometry g = test::dense(256, 3);
  std::vector<float> w(768);
  for (std::size_t k = 0; k < 256; ++k) {
    w[k] = 1.0f + 0.3f * static_cast<float>(k % 7);
    w[256 + k] = k % 2 ? w[k] : -w[k];
    w[512 + k] = -w[k];
  }
  for (const bool is_signed : {false, true}) {
    LayerOnTiles layer = test::layer_of(g, w);
    layer.periphery.dac = Dac{.bits = 2 + is_signed, .is_signed = is_signed, .slice_bits = 1};
    layer.periphery.adc = Adc{.bits = 8};
    const LayerPlan plan = plan_layer(layer, {3, {127, 127, 127}});
    std::vector<float> x(256, 3.0f);
    for (std::size_t k = 0; k < 256; k += 2) x[k] = is_signed ? -3.0f : 3.0f;
    cpu::Workspace space;
    cpu::BitProducts(layer, plan, Products::bf16)
        .multiply(x.data(), space, [&](const cpu::ImagePart& part) {
          const TileProduct& t = plan.products[0];
          for (int n = 0; n < 3; ++n) {
            const Sum sum = by_hand(g, t, t.G, 1, plan.input.phases[part.phase], x, 0, n);
            EXPECT_NEAR(part.sums[n], sum.value, 64 * 0.5 / 32000 * sum.most) << n;
          }
        });
  }
}

/// A layer of 8-bit inputs in bits that reads without noise.
LayerOnTiles quiet_layer(bool is_signed) {
  LayerOnTiles layer = noisy_layer(test::same_padded(8, 20, 24, 3, 1),
                                   {.bits = 8, .is_signed = is_signed, .slice_bits = 1});
  layer.planes[0].read_variance_S2.clear();
  return layer;
}

TEST(BitProducts, NoInputMovesAShortSumByMoreThanTheWorstError) {
  for (const bool is_signed : {false, true}) {
    const LayerOnTiles layer = quiet_layer(is_signed);
    const ConvGeometry& g = layer.geometry;
    const LayerPlan plan = plan_layer(layer, {255, std::vector<double>(2 * 24, 127)});
    const std::vector<float> x = test::extreme_codes(test::values_in(g), is_signed);
    const cpu::BitProducts products(layer, plan, Products::bf16);
    cpu::Workspace space;
    double largest = 0;
    products.multiply(x.data(), space, [&](const cpu::ImagePart& part) {
      const TileProduct& t = plan.products[part.product];
      for (int i = 0; i < static_cast<int>(part.positions * 24); ++i) {
        const Sum sum = by_hand(g, t, t.G, 1, plan.input.phases[part.phase], x,
                                static_cast<int>(part.first) + i / 24, i % 24);
        const double error = std::abs(part.sums[i] - sum.value);
        ASSERT_LE(error, products.worst_error() + std::exp2(-20) * sum.most);
        largest = std::max(largest, error);
      }
    });
    EXPECT_GT(largest, products.worst_error() / 50);
    EXPECT_EQ(cpu::BitProducts(layer, plan, Products::f32).worst_error(), 0);
  }
}

TEST(BitProducts, AreShortByThemselvesWhereNoInputMovesASumByAStep) {
  for (const bool is_signed : {false, true}) {
    const LayerOnTiles layer = quiet_layer(is_signed);
    const test::Chosen coarse = test::chosen_products(layer, 255 * 60);
    EXPECT_GT(coarse.error, 0);
    EXPECT_LE(coarse.error, kMostRounding);
    EXPECT_EQ(coarse.outputs, coarse.of_shorter);
    const test::Chosen fine = test::chosen_products(layer, 300);
    EXPECT_EQ(fine.error, 0);
    EXPECT_EQ(fine.outputs, fine.of_floats);
  }
  const LayerOnTiles noisy =
      noisy_layer(test::same_padded(8, 20, 24, 3, 1), {.bits = 8, .slice_bits = 1});
  const test::Chosen chosen = test::chosen_products(noisy, 255 * 60);
  EXPECT_EQ(chosen.error, 0);
  EXPECT_EQ(chosen.outputs, chosen.of_floats);
}

TEST(BitProducts, LeaveOtherSlicesToMultiplications) {
  LayerOnTiles layer = test::layer_of(test::dense(4, 4), test::normals(16, 1));
  layer.periphery.adc = Adc{.bits = 8};
  const auto cover = [&](const Dac& dac) {
    layer.periphery.dac = dac;
    return cpu::BitProducts::cover(layer, plan_layer(layer, {1, {1, 1, 1, 1}}));
  };
  EXPECT_TRUE(cover({.bits = 8, .slice_bits = 1}));
  EXPECT_FALSE(cover({.bits = 8, .slice_bits = 2}));
  EXPECT_FALSE(cover({.bits = 8}));
}

}  // namespace
}  // namespace ohmic
