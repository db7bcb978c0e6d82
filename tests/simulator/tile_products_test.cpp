// Weights of two bf16 numbers against sums over cells in double.
#include "simulator/backends/cpu/tile_products.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/simulator/sums_by_hand.hpp"

namespace ohmic {
namespace {

using cpu::TileProducts;
using test::by_hand, test::same_padded;

constexpr int kImages = 2;

/// Kernels of 3 x 3 and of 1 x 1, with and without a stride; channels that a tile cuts.
std::vector<ConvGeometry> geometries() {
  return {same_padded(8, 29, 32, 3, 1), same_padded(8, 64, 16, 3, 2), same_padded(4, 130, 10, 1, 1),
          same_padded(7, 3, 5, 3, 1)};
}

std::vector<Dac> dacs() { return {{.bits = 8}, {.bits = 8, .is_signed = true}}; }

class TwoNumbersAWeight : public testing::Test {
 protected:
  void SetUp() override {
    if (!onednn::has_bf16()) GTEST_SKIP() << "this processor has no AVX-512";
  }
};

/// The images' sums with their errors over what the products say they may be.
struct Errors {
  double largest = 0, read = 0;
};

Errors errors_of(const LayerOnTiles& layer) {
  const ConvGeometry& g = layer.geometry;
  const LayerPlan plan = test::tiled_plan(layer, 255);
  const TileProducts products(layer, plan, kImages, Products::bf16x2);
  EXPECT_GT(products.worst_error(), 0);
  const std::size_t size = test::values_in(g);
  const std::vector<float> x = test::extreme_codes(kImages * size, layer.periphery.dac->is_signed);
  cpu::Workspace w;
  products.drive(kImages, w.bf16, [&](std::size_t first, std::size_t count, Bf16* out) {
    cpu::copy_inputs(x.data() + first, count, out);
  });
  const auto N = static_cast<std::size_t>(g.out_channels);
  const auto positions = static_cast<std::size_t>(plan.positions);
  const Phase& phase = plan.input.phases[0];
  Errors errors;
  products.multiply(phase.bias, w, [&](std::size_t p, float* sums, float* variances) {
    const TileProduct& t = plan.products[p];
    for (std::size_t i = 0; i < kImages * positions * N; i += 7) {
      const std::size_t image = i / (positions * N), at = i % (positions * N);
      const auto begin = x.begin() + static_cast<std::ptrdiff_t>(image * size);
      const std::vector<float> codes(begin, begin + static_cast<std::ptrdiff_t>(size));
      const auto sum_of = [&](const std::vector<double>& matrix, bool squares) {
        return by_hand(g, t, matrix, 0, phase, codes, static_cast<int>(at / N),
                       static_cast<int>(at % N), squares);
      };
      const auto sum = sum_of(t.G, false);
      const double float_sums = std::exp2(-20) * 255 * sum.most;
      EXPECT_LE(std::abs(sums[i] - sum.value), products.worst_error() + float_sums);
      errors.largest =
          std::max(errors.largest, std::abs(sums[i] - sum.value) / products.worst_error());
      if (!variances) continue;
      const double variance = sum_of(t.variance, true).value;
      EXPECT_NEAR(variances[i], variance, 1.01 * std::exp2(-9) * variance);
      if (variance > 0) errors.read = std::max(errors.read, std::abs(variances[i] / variance - 1));
    }
  });
  return errors;
}

TEST_F(TwoNumbersAWeight, AreSumsOverCellsWithinTheirWorstError) {
  for (const ConvGeometry& g : geometries())
    for (const Dac& dac : dacs()) {
      SCOPED_TRACE(testing::Message()
                   << g.in_channels << " -> " << g.out_channels << ", " << dac.is_signed);
      LayerOnTiles layer = test::tiled_layer(g, dac);
      EXPECT_GT(errors_of(layer).largest, 1e-3);
      for (const double G_S : layer.planes[0].G_S)
        layer.planes[0].read_variance_S2.push_back(0.01 * G_S * G_S);
      EXPECT_GT(errors_of(layer).read, 0);
    }
}

TEST_F(TwoNumbersAWeight, AreTakenByThemselvesOfMatricesOfBf16Numbers) {
  if (!onednn::has_amx()) GTEST_SKIP() << "this processor has no AMX";
  for (const ConvGeometry& g : geometries()) {
    LayerOnTiles layer = test::tiled_layer(g, {.bits = 8});
    const test::Chosen chosen = test::chosen_products(layer, 127, Products::bf16x2);
    EXPECT_GT(chosen.error, 0);
    EXPECT_LE(chosen.error, kMostRounding);
    EXPECT_EQ(chosen.outputs, chosen.of_shorter);
    const test::Chosen fine = test::chosen_products(layer, 1e-4, Products::bf16x2);
    EXPECT_EQ(fine.error, 0) << "a step of the ADC is too small";
    EXPECT_EQ(fine.outputs, fine.of_floats);
    layer.periphery.adc.reset();  // then there is no step to measure by
    EXPECT_EQ(test::chosen_products(layer, 127, Products::bf16x2).error, 0);
    layer.periphery.adc = Adc{.bits = 8};
    layer.periphery.dac->bits = 10;  // codes that bf16 rounds
    EXPECT_EQ(test::chosen_products(layer, 127, Products::bf16x2).error, 0);
  }
}

}  // namespace
}  // namespace ohmic
