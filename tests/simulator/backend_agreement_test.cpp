// Every effect on every geometry: each back end against the reference. Sums differ in their last
// bits, so a converter may land on the neighbouring code where the exact sum lies between two.
#include <gtest/gtest.h>

#include <functional>

#include "simulator/error.hpp"
#include "simulator/wires.hpp"
#include "tests/simulator/on_backend.hpp"

namespace ohmic {
namespace {

using test::forward;
using Floats = std::vector<float>;

struct Effect {
  std::string name;
  std::function<void(LayerOnTiles&)> apply;
};

std::vector<Effect> effects() {
  const Dac dac{.bits = 8, .is_signed = true};
  const Adc adc{.bits = 8};
  return {
      {"dac", [=](LayerOnTiles& l) { l.periphery.dac = dac; }},
      {"adc", [=](LayerOnTiles& l) { l.periphery.adc = adc; }},
      {"converters", [=](LayerOnTiles& l) { l.periphery.dac = dac, l.periphery.adc = adc; }},
      {"max_range",
       [=](LayerOnTiles& l) { l.periphery.adc = Adc{.bits = 12, .range = AdcRange::max}; }},
      {"output_noise", [=](LayerOnTiles& l) { l.periphery.output_noise = OutputNoise{0.01}; }},
      {"read_noise",
       [=](LayerOnTiles& l) {
         for (Plane& p : l.planes) p.read_variance_S2.assign(p.G_S.size(), 1e-2);
       }},
      {"two_planes",
       [=](LayerOnTiles& l) {
         l.planes.push_back(l.planes[0]);
         l.planes[0].weight_per_S = 0.75;
         l.planes[1].weight_per_S = -0.25;
         l.planes[1].read_variance_S2.assign(l.planes[1].G_S.size(), 1e-3);
         l.periphery.adc = adc;
       }},
      {"bit_serial",
       [=](LayerOnTiles& l) {
         l.periphery.dac = Dac{.bits = 5, .is_signed = true, .slice_bits = 1};
         l.periphery.adc = adc;
       }},
      {"bit_serial_after_a_relu",
       [=](LayerOnTiles& l) {
         l.periphery.dac = Dac{.bits = 8, .slice_bits = 1};
         l.periphery.adc = adc;
         l.periphery.output_noise = OutputNoise{0.01};
         for (Plane& p : l.planes) p.read_variance_S2.assign(p.G_S.size(), 1e-2);
       }},
      {"bit_serial_in_two_phases_of_two_planes",
       [=](LayerOnTiles& l) {
         l.planes.push_back(l.planes[0]);
         l.planes[1].weight_per_S = -0.25;
         l.periphery.dac =
             Dac{.bits = 10, .is_signed = true, .drive = SignedDrive::two_phase, .slice_bits = 1};
         l.periphery.adc = Adc{.bits = 10, .inl_lsb = 2};
       }},
      {"two_phase_slices",
       [=](LayerOnTiles& l) {
         l.periphery.dac =
             Dac{.bits = 7, .is_signed = true, .drive = SignedDrive::two_phase, .slice_bits = 2};
         l.periphery.adc = adc;
         l.periphery.output_noise = OutputNoise{0.01};
       }},
      {"bias_row",
       [=](LayerOnTiles& l) {
         l.geometry.bias_rows = 1;
         l.input_full_scale = 2.5;
         const ConvGeometry& g = l.geometry;
         l.planes = test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) *
                                                        static_cast<std::size_t>(g.columns()),
                                                    1))
                        .planes;
         l.planes[0].read_variance_S2.assign(l.planes[0].G_S.size(), 1e-2);
         l.periphery.dac = Dac{.bits = 5, .is_signed = true, .slice_bits = 2};
         l.periphery.adc = adc;
       }},
      {"bias_row_without_converters",
       [=](LayerOnTiles& l) {
         l.geometry.bias_rows = 1;
         l.input_full_scale = 2.5;
         l.planes = test::layer_of(l.geometry,
                                   test::normals(static_cast<std::size_t>(l.geometry.rows()) *
                                                     static_cast<std::size_t>(l.geometry.columns()),
                                                 1))
                        .planes;
       }},
      {"every_converter_error",
       [=](LayerOnTiles& l) {
         l.periphery.dac = dac;
         l.periphery.adc = Adc{.bits = 10,
                               .per = RangePer::column,
                               .columns_per_adc = 3,
                               .offset_lsb = 1.5,
                               .gain_error = 0.02,
                               .inl_lsb = 3,
                               .enob = 9,
                               .capacitor_mismatch = 0.02,
                               .rounding = Rounding::stochastic};
         l.periphery.output_noise = OutputNoise{0.01};
       }},
  };
}

/// Largest code step of any converter of the layer, in units of y.
double code_step(const LayerOnTiles& layer, const LayerRanges& ranges) {
  if (!layer.periphery.adc) return 0;
  double largest = 0, weight = 0;
  for (const double range : ranges.output) largest = std::max(largest, range);
  for (const Plane& plane : layer.planes) {
    weight = std::max(weight, std::abs(plane.weight_per_S));
    if (layer.periphery.adc->range == AdcRange::max)
      largest = ranges.input * plane.current_span_S * layer.geometry.rows();
  }
  return weight * largest / (std::exp2(layer.periphery.adc->bits - 1) - 1);
}

std::vector<std::string> backends_but_the_reference() {
  std::vector<std::string> names = test::backends();
  std::erase(names, "reference");
  return names;
}

std::vector<test::Case> all_geometries() {
  std::vector<test::Case> cases = test::geometries();
  for (test::Case& grouped : test::grouped_geometries()) cases.push_back(std::move(grouped));
  return cases;
}

class AgreementTest : public test::OnBackend {};
INSTANTIATE_TEST_SUITE_P(, AgreementTest, testing::ValuesIn(backends_but_the_reference()),
                         [](const auto& info) { return info.param; });

TEST_P(AgreementTest, HoldsForEveryEffectAndGeometry) {
  const auto reference = make_backend("reference");
  for (const auto& [geometry, g] : all_geometries())
    for (const Effect& effect : effects()) {
      SCOPED_TRACE(geometry + ", " + effect.name);
      LayerOnTiles layer =
          test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1));
      layer.layer = 3;
      layer.key = noise_key(1, 2);
      layer.tile = {100, 40};
      layer.periphery.products = Products::f32;  // winograd_products_test, bit_products_test
      effect.apply(layer);
      const Floats x = test::normals(2 * test::values_in(g), 2);
      const Floats residual = test::normals(2 * test::values_out(g), 3);
      Epilogue epilogue = test::identity_epilogue(g.out_channels);
      epilogue.shift.back() = 0.5f;
      LayerRanges expected_ranges, ranges;
      reference->load(layer, epilogue)->observe(x.data(), 2, expected_ranges);
      backend_->load(layer, epilogue)->observe(x.data(), 2, ranges);
      EXPECT_EQ(ranges.input, expected_ranges.input);
      for (std::size_t i = 0; i < ranges.output.size(); ++i)
        ASSERT_NEAR(ranges.output[i], expected_ranges.output[i], 0.03 * ranges.output[i]);
      const Floats expected =
          forward(*reference->load(layer, epilogue, &expected_ranges), g, x, residual.data(), 7);
      const Floats y =
          forward(*backend_->load(layer, epilogue, &expected_ranges), g, x, residual.data(), 7);
      const double rounding = test::tolerance(3 * std::sqrt(g.rows()));
      const double step = code_step(layer, expected_ranges);
      std::size_t neighbours = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double difference = std::abs(double{y[i]} - expected[i]);
        ASSERT_LE(difference, rounding + 1.5 * step) << "at " << i;
        neighbours += difference > rounding;
      }
      EXPECT_LE(neighbours, 1 + y.size() / 100);
    }
}

TEST_P(AgreementTest, LargestOutputsAreTheReferencesButForRounding) {
  const auto reference = make_backend("reference");
  for (const auto& [geometry, g] : all_geometries())
    for (const int slice_bits : {1, 2}) {
      SCOPED_TRACE(geometry + ", slices of " + std::to_string(slice_bits));
      LayerOnTiles layer =
          test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1));
      layer.tile = {100, 40};
      layer.periphery.dac = Dac{.bits = 16, .is_signed = true, .slice_bits = slice_bits};
      layer.periphery.adc = Adc{.bits = 8, .per = RangePer::column, .percentile = 100};
      const Floats x = test::normals(2 * test::values_in(g), 2);
      const Epilogue epilogue = test::identity_epilogue(g.out_channels);
      LayerRanges expected, ranges;
      reference->load(layer, epilogue)->observe(x.data(), 2, expected);
      backend_->load(layer, epilogue)->observe(x.data(), 2, ranges);
      ASSERT_EQ(ranges.output.size(), expected.output.size());
      for (std::size_t i = 0; i < ranges.output.size(); ++i)
        ASSERT_NEAR(ranges.output[i], expected.output[i], 1e-5 * expected.output[i]) << i;
    }
}

/// Element by element, to twelve digits.
void expect_same_wires(const std::vector<double>& got, const std::vector<double>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(got[i], wanted[i], 1e-12 * std::abs(wanted[i])) << "at " << i;
}

TEST_P(AgreementTest, WiresOfEveryKindAreSolvedAsOnTheHost) {
  struct Matrix {
    int K, N;
    TileShape tile;
  };
  const Matrix matrices[]{{9, 5, {}}, {1, 1, {}},        {1, 7, {}},
                          {6, 1, {}}, {23, 11, {10, 4}}, {70, 40, {64, 64}}};
  for (const double row : {0.0, 3.0})
    for (const double column : {0.0, 2.0})
      for (const double driver : {0.0, 50.0})
        for (const double sense : {0.0, 20.0})
          for (const RowDrive drive : {RowDrive::left, RowDrive::both})
            for (const Matrix& m : matrices) {
              const Wires wires{row, column, driver, sense, drive};
              Floats u(static_cast<std::size_t>(m.K) * static_cast<std::size_t>(m.N));
              fill_uniforms(noise_key(7, 0), {Stream::programming}, 0, u);
              std::vector<double> wanted(u.begin(), u.end());
              for (double& G_S : wanted) G_S = 1e-6 + 99e-6 * G_S;
              std::vector<double> got = wanted;
              apply_wires(m.K, m.N, m.tile, wires, wanted);
              backend_->apply_wires(m.K, m.N, m.tile, wires, got);
              SCOPED_TRACE(testing::Message()
                           << m.K << " x " << m.N << ", row " << row << ", column " << column
                           << ", driver " << driver << ", sense " << sense << " ohm, "
                           << (drive == RowDrive::both ? "both ends" : "left"));
              expect_same_wires(got, wanted);
            }
}

TEST_P(AgreementTest, WiresWithoutASolutionAreRefused) {
  // -2 ohm behind 1 ohm of row and 1 ohm of column wire: no resistance is left.
  std::vector<double> G_S{-0.5};
  const Wires wires{1, 1, 0, 0, RowDrive::left};
  EXPECT_THROW(backend_->apply_wires(1, 1, {}, wires, G_S), UnsupportedError);
}

TEST_P(AgreementTest, Bf16ProductsDifferFromFloatByTheirRoundingOnly) {
  for (const auto& [name, g] : all_geometries()) {
    LayerOnTiles layer =
        test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1));
    layer.tile = {100, 40};
    layer.periphery.dac = Dac{.bits = 8};
    layer.periphery.products = Products::bf16;
    if (g.groups > 1 && GetParam() == "cpu") continue;
    if (!backend_->refusal(layer).empty()) GTEST_SKIP() << backend_->refusal(layer);
    Floats x = test::normals(test::values_in(g), 2);
    for (float& v : x) v = std::abs(v);
    LayerRanges ranges;
    const auto epilogue = test::identity_epilogue(g.out_channels);
    backend_->load(layer, epilogue)->observe(x.data(), 1, ranges);
    const Floats half = forward(*backend_->load(layer, epilogue, &ranges), g, x);
    layer.periphery.products = Products::bf16x2;
    const Floats both = forward(*backend_->load(layer, epilogue, &ranges), g, x);
    const Floats exact = forward(*make_backend("reference")->load(layer, epilogue, &ranges), g, x);
    // Codes are exact, weights are rounded to 8 (16) bits: errors of 2^-9 (2^-17) of each product,
    // of which K add at random; six times that for the largest of all outputs.
    const double size = 6 * 1.5 * std::sqrt(g.rows());
    for (std::size_t i = 0; i < exact.size(); ++i) {
      ASSERT_NEAR(half[i], exact[i], std::exp2(-9) * size) << name;
      ASSERT_NEAR(both[i], exact[i], std::exp2(-17) * size + test::tolerance(size)) << name;
    }
  }
}

}  // namespace
}  // namespace ohmic
