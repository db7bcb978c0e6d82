// One source for all back ends: converters, their errors and noise, each against a closed form or a
// value worked out by hand. Statistical tests state seed, samples and false-alarm rate.
#include <gtest/gtest.h>
#include <omp.h>

#include "simulator/backends/reference/reference_backend.hpp"
#include "tests/simulator/on_backend.hpp"

namespace ohmic {
namespace {

using test::forward;
using Floats = std::vector<float>;

/// Quantiles of the standard normal: 6 standard errors are a false alarm once in 5e8.
constexpr double kSigmas = 6;

class PeripheryTest : public test::OnBackend {
 protected:
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles& layer, const LayerRanges& ranges) {
    return backend_->load(layer, test::identity_epilogue(layer.geometry.out_channels), &ranges);
  }
  Floats run(const LayerOnTiles& layer, const LayerRanges& ranges, const Floats& x) {
    return forward(*load(layer, ranges), layer.geometry, x);
  }
};

INSTANTIATE_TEST_SUITE_P(, PeripheryTest, testing::ValuesIn(test::backends()),
                         [](const auto& info) { return info.param; });

/// `size` inputs that each reach one output with weight 1.
LayerOnTiles identity(int size) {
  Floats w(static_cast<std::size_t>(size) * size, 0.0f);
  for (int i = 0; i < size; ++i) w[static_cast<std::size_t>(i) * size + i] = 1.0f;
  return test::layer_of(test::dense(size, size), w);
}

/// One input that reaches `columns` outputs with weight 1: so many converters side by side.
LayerOnTiles fan_out(int columns) {
  return test::layer_of(test::dense(1, columns), Floats(static_cast<std::size_t>(columns), 1.0f));
}

/// Ranges in which every column's full scale is `output`.
LayerRanges ranges_of(const LayerOnTiles& layer, double input, double output) {
  const auto tiles =
      layer.planes.size() * static_cast<std::size_t>(layer.tile.row_tiles(layer.geometry.rows()));
  return {input, std::vector<double>(tiles * layer.geometry.columns(), output)};
}

struct Moments {
  double mean = 0, std = 0;
};
Moments moments(const Floats& v) {
  double sum = 0, squares = 0;
  for (const double x : v) sum += x, squares += x * x;
  const double n = static_cast<double>(v.size());
  return {sum / n, std::sqrt(squares / n - sum / n * (sum / n))};
}
void expect_moments(const Floats& v, double mean, double std) {
  const Moments m = moments(v);
  const double n = static_cast<double>(v.size());
  EXPECT_NEAR(m.mean, mean, kSigmas * std / std::sqrt(n));
  EXPECT_NEAR(m.std, std, kSigmas * std / std::sqrt(2 * n));
}

TEST_P(PeripheryTest, DacRoundsAndClipsToItsCodes) {
  LayerOnTiles layer = identity(8);
  layer.periphery.dac = Dac{.bits = 3};
  const Floats x{0, 0.4f, 0.6f, 2.5f, 3.5f, 6.9f, 7.4f, -2};
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 1), x), (Floats{0, 0, 1, 2, 4, 7, 7, 0}));
  layer.periphery.dac->bits = 4;
  layer.periphery.dac->is_signed = true;
  const Floats z{0, -0.4f, -0.6f, 2.5f, -3.5f, -6.9f, 9, -9};
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 1), z), (Floats{0, 0, -1, 2, -4, -7, 7, -7}));
}

TEST_P(PeripheryTest, AdcRoundsAndSaturatesAtItsCalibratedRange) {
  LayerOnTiles layer = identity(6);
  layer.periphery.adc = Adc{.bits = 4};
  const Floats x{0.4f, -0.6f, 6.6f, 7.0f, 7.4f, -100};
  EXPECT_EQ(run(layer, ranges_of(layer, 1, 7), x), (Floats{0, -1, 7, 7, 7, -7}));
  EXPECT_EQ(run(layer, ranges_of(layer, 1, 14), x), (Floats{0, 0, 6, 8, 8, -14}));
}

TEST_P(PeripheryTest, MaxRangeSpansTheLargestOutputAndFixedAFractionOfIt) {
  LayerOnTiles layer = test::layer_of(test::dense(5, 1), {2, 2, 2, 2, 2});
  layer.periphery.adc = Adc{.bits = 3, .range = AdcRange::max};
  LayerRanges ranges = ranges_of(layer, 3, 0);  // full scale 3 * 2 * 5 = 30, LSB 10
  EXPECT_EQ(run(layer, ranges, {1, 1, 1, 1, 3.4f}), (Floats{10}));
  EXPECT_EQ(run(layer, ranges, {1, 1, 1, 1, 3.6f}), (Floats{20}));
  layer.periphery.adc->range = AdcRange::fixed;
  layer.periphery.adc->full_scale = 0.1;  // LSB 1
  EXPECT_EQ(run(layer, ranges, {0.1f, 0.1f, 0.1f, 0.1f, 0.4f}), (Floats{2}));
  EXPECT_EQ(run(layer, ranges, {1, 1, 1, 1, 1}), (Floats{3}));
}

TEST_P(PeripheryTest, ConvertersWithoutSignUseAllCodesForPositiveOutputs) {
  LayerOnTiles layer = fan_out(1);
  layer.planes[0].unipolar = true;
  layer.periphery.dac = Dac{.bits = 8};
  layer.periphery.adc = Adc{.bits = 2};
  EXPECT_EQ(run(layer, ranges_of(layer, 255, 3), {2}), (Floats{2}));
  layer.planes[0].unipolar = false;  // codes -1, 0, 1 over the same range
  EXPECT_EQ(run(layer, ranges_of(layer, 255, 3), {2}), (Floats{3}));
}

TEST_P(PeripheryTest, EveryRowTileIsConvertedByItself) {
  // K = 27 rows cut at 13 and 26, inside channels; partial sums 5.2, 5.2 and 0.4 round to 10.
  const ConvGeometry g = test::same_padded(3, 3, 1, 3, 1);
  LayerOnTiles layer = test::layer_of(g, Floats(27, 1.0f));
  layer.tile = {13, 0};
  layer.periphery.adc = Adc{.bits = 8};
  const Floats y = run(layer, ranges_of(layer, 1, 127), Floats(27, 0.4f));
  EXPECT_FLOAT_EQ(y[4], 10);
  layer.tile = {0, 0};
  EXPECT_FLOAT_EQ(run(layer, ranges_of(layer, 1, 127), Floats(27, 0.4f))[4], 11);
}

/// y = x0 + 2 x1 + 3 x the bias row's input, which is 7.
LayerOnTiles with_bias_row() {
  ConvGeometry g = test::dense(2, 1);
  g.bias_rows = 1;
  LayerOnTiles layer = test::layer_of(g, {1, 2, 3});
  layer.input_full_scale = 7;
  return layer;
}

TEST_P(PeripheryTest, TheBiasRowIsDrivenAtFullScale) {
  LayerOnTiles layer = with_bias_row();
  if (const std::string why = backend_->refusal(layer); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(layer.effective_weights(), (Floats{1, 2}));
  EXPECT_EQ(layer.effective_bias(), (Floats{21}));
  EXPECT_EQ(run(layer, {}, {1, 2}), (Floats{26}));
  layer.periphery.dac = Dac{.bits = 3};
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 1), {1, 2}), (Floats{26}));
  layer.periphery.dac->bits = 4;
  layer.periphery.dac->is_signed = true;
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 1), {-1, 2}), (Floats{24}));
}

TEST_P(PeripheryTest, EveryGroupHasItsBiasRow) {
  // Two groups of two inputs and one output: y0 = x0 + 2 x1 + 3 * 7, y1 = 4 x2 + 5 x3 + 6 * 7.
  ConvGeometry g = test::dense(4, 2);
  g.groups = 2;
  g.bias_rows = 1;
  LayerOnTiles layer = test::layer_of(g, {1, 2, 3, 4, 5, 6});
  layer.input_full_scale = 7;
  if (const std::string why = backend_->refusal(layer); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(run(layer, {}, {1, 2, 3, 4}), (Floats{26, 74}));
}

TEST_P(PeripheryTest, TheBiasRowIsConvertedWithItsTile) {
  LayerOnTiles layer = with_bias_row();
  if (const std::string why = backend_->refusal(layer); !why.empty()) GTEST_SKIP() << why;
  layer.periphery.adc = Adc{.bits = 8};                                    // LSB 10
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 1270), {1, 2}), (Floats{30}));  // 26
  layer.tile = {2, 0};                                                     // 5 and 21
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 1270), {1, 2}), (Floats{20}));
}

TEST_P(PeripheryTest, TheBiasRowIsDrivenInEverySlice) {
  // Codes 1, 2 and 7 bit by bit: outputs 1 + 3, 2 + 3 and 3 in units of 1, 2 and 4, LSB 2.
  LayerOnTiles layer = with_bias_row();
  if (const std::string why = backend_->refusal(layer); !why.empty()) GTEST_SKIP() << why;
  layer.periphery.dac = Dac{.bits = 3, .slice_bits = 1};
  layer.periphery.adc = Adc{.bits = 8};
  const double full_drive = 7 * 2 * 127;
  EXPECT_EQ(run(layer, ranges_of(layer, 7, full_drive), {1, 2}), (Floats{4 + 2 * 4 + 4 * 4}));
  // Two phases of magnitudes: the row is driven with the positive one only.
  layer.periphery.dac = Dac{.bits = 4, .is_signed = true, .drive = SignedDrive::two_phase};
  EXPECT_EQ(run(layer, ranges_of(layer, 7, 127), {-1, 2}), (Floats{24}));
}

TEST_P(PeripheryTest, TheBiasRowIsReadWithNoise) {
  // Seed 0 of the layer's key, 20,000 columns; std = input x std of the row's device.
  constexpr int kColumns = 20000;
  ConvGeometry g = test::dense(1, kColumns);
  g.bias_rows = 1;
  LayerOnTiles layer = test::layer_of(g, Floats(2 * kColumns, 1.0f));
  layer.input_full_scale = 7;
  if (const std::string why = backend_->refusal(layer); !why.empty()) GTEST_SKIP() << why;
  layer.planes[0].read_variance_S2.assign(2 * kColumns, 0.01);
  expect_moments(run(layer, {}, {0}), 7, 0.7);
}

TEST_P(PeripheryTest, PlanesAreConvertedByThemselvesAndWeighted) {
  LayerOnTiles layer = fan_out(1);
  layer.planes.push_back(layer.planes[0]);
  layer.planes[0].weight_per_S = 4;
  layer.planes[1].weight_per_S = -1;
  layer.periphery.adc = Adc{.bits = 8};
  EXPECT_FLOAT_EQ(run(layer, ranges_of(layer, 1, 127), {1.6f})[0], 4 * 2 - 2);
}

TEST_P(PeripheryTest, SlicedInputsAddUpToTheWholeCode) {
  const ConvGeometry g = test::same_padded(5, 3, 4, 3, 2);
  Floats w(static_cast<std::size_t>(g.rows()) * 4), x(2 * test::values_in(g));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i * 7 % 5) - 2;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 127);
  for (const bool is_signed : {false, true})
    for (const SignedDrive drive : {SignedDrive::bipolar, SignedDrive::two_phase}) {
      LayerOnTiles layer = test::layer_of(g, w);
      layer.tile = {10, 2};
      Floats input = x;
      if (is_signed)
        for (std::size_t i = 0; i < x.size(); i += 3) input[i] = -input[i];
      const Floats exact = run(layer, {}, input);
      layer.periphery.dac = Dac{.bits = is_signed ? 8 : 7, .is_signed = is_signed, .drive = drive};
      for (const int bits : {1, 2, 3, 7}) {
        layer.periphery.dac->slice_bits = bits;
        // A slice at full drive stands for x = 127, so one unit of it for 127 / (2^bits - 1); with
        // that as its code the converter is exact.
        const double unit = 127.0 / (std::exp2(bits) - 1);
        layer.periphery.adc = Adc{.bits = 16};
        const Floats y = run(layer, ranges_of(layer, 127, 32767 * unit), input);
        for (std::size_t i = 0; i < y.size(); ++i)
          ASSERT_NEAR(y[i], exact[i], 1e-3) << is_signed << bits << " at " << i;
      }
    }
}

TEST_P(PeripheryTest, WhatIsNotANumberReachesWhoSeesIt) {
  // A 3 x 3 kernel on 5 x 5 pixels, the third of which is none: six positions see it, bit by bit
  // as well.
  const ConvGeometry g = test::same_padded(5, 6, 300, 3, 1);
  LayerOnTiles layer =
      test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * 300, 1));
  layer.tile = {20, 0};
  Floats x(test::values_in(g), 1.0f);
  x[2 * 6 + 4] = std::numeric_limits<float>::quiet_NaN();
  std::vector<Dac> dacs{{.bits = 4}};
  for (const int bits : {2, 1}) dacs.push_back({.bits = 4, .slice_bits = bits});
  for (const int bits : {4, 2})
    dacs.push_back(
        {.bits = 4, .is_signed = true, .drive = SignedDrive::two_phase, .slice_bits = bits});
  for (const Dac& dac : dacs) {
    layer.periphery.dac = dac;
    layer.periphery.adc = Adc{.bits = 8};
    const Floats y = run(layer, ranges_of(layer, 15, 100), x);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t row = i / 300 / 5, column = i / 300 % 5;
      EXPECT_EQ(std::isnan(y[i]), row <= 1 && column >= 1 && column <= 3) << i;
    }
  }
}

TEST_P(PeripheryTest, TallyCountsSamplesAndClips) {
  LayerOnTiles layer = identity(4);
  layer.tile = {2, 0};
  layer.periphery.dac = Dac{.bits = 4, .is_signed = true};
  layer.periphery.adc = Adc{.bits = 4};
  layer.periphery.products = Products::f32;  // 3 drives the converter exactly to its end
  const auto loaded = load(layer, ranges_of(layer, 7, 3));
  const Floats x{1, 3, -8, 5, 0, 0, 9, -2, 7, 7, 0, 0};
  Floats y(x.size());
  Tally tally;
  loaded->forward(x.data(), 3, 0, nullptr, y.data(), tally);
  EXPECT_EQ(tally.dac_samples, 12u);
  EXPECT_EQ(tally.dac_clipped, 2u);          // -8, 9
  EXPECT_EQ(tally.adc_samples, 3u * 4 * 2);  // per image, column and row tile
  EXPECT_EQ(tally.adc_clipped, 5u);          // -7, 5, 7, 7, 7
}

TEST_P(PeripheryTest, OutputNoiseHasItsStdBeforeTheConverter) {
  // Seed 1, 40,000 samples, moments at 6 standard errors.
  LayerOnTiles layer = fan_out(200);
  layer.key = noise_key(1, 0);
  layer.tile = {0, 0};
  layer.periphery.output_noise = OutputNoise{0.05};
  const LayerRanges ranges = ranges_of(layer, 1, 8);
  expect_moments(run(layer, ranges, Floats(200, 2.0f)), 2, 0.4);
  layer.periphery.adc = Adc{.bits = 12};
  expect_moments(run(layer, ranges, Floats(200, 2.0f)), 2, 0.4);
}

TEST_P(PeripheryTest, NoiseOfUnconvertedTilesAddsInSquares) {
  // Seed 2, 40,000 samples: two planes of weights 3 and 4, two row tiles: std sqrt(2) * 5 * 0.1.
  LayerOnTiles layer = test::layer_of(test::dense(2, 200), Floats(400, 1.0f));
  layer.planes.push_back(layer.planes[0]);
  layer.planes[0].weight_per_S = 3;
  layer.planes[1].weight_per_S = -4;
  layer.tile = {1, 0};
  layer.key = noise_key(2, 0);
  layer.periphery.output_noise = OutputNoise{0.1};
  expect_moments(run(layer, ranges_of(layer, 1, 1), Floats(400, 0.0f)), 0, std::sqrt(2.0) * 0.5);
}

LayerOnTiles noisy_reads(int columns) {
  LayerOnTiles layer = test::layer_of(test::dense(3, columns), Floats(3 * columns, 0.5f));
  for (int n = 0; n < columns; ++n)
    for (const double variance : {0.01, 0.04, 0.09})
      layer.planes[0].read_variance_S2.push_back(variance);
  layer.key = noise_key(3, 0);
  return layer;
}

TEST_P(PeripheryTest, ReadNoiseHasTheVarianceOfTheSum) {
  // Seed 3, 30,000 samples. 1^2 * 0.01 + 2^2 * 0.04 + 3^2 * 0.09 = 0.98.
  Floats x;
  for (int i = 0; i < 300; ++i) x.insert(x.end(), {1, -2, 3});
  expect_moments(run(noisy_reads(100), {}, x), 1, std::sqrt(0.98));
}

TEST(ReadNoisePerCell, HasTheSameMomentsAndIndependentColumns) {
  // Seed 3, 30,000 samples, as above; the correlation of neighbours has std 1/sqrt(n).
  ReferenceBackend per_cell(ReadNoise::per_cell);
  const LayerOnTiles layer = noisy_reads(100);
  Floats x;
  for (int i = 0; i < 300; ++i) x.insert(x.end(), {1, -2, 3});
  const Floats y =
      forward(*per_cell.load(layer, test::identity_epilogue(100), nullptr), layer.geometry, x);
  expect_moments(y, 1, std::sqrt(0.98));
  double product = 0;
  for (std::size_t i = 1; i < y.size(); ++i) product += (y[i] - 1.0) * (y[i - 1] - 1.0);
  EXPECT_NEAR(product / 0.98 / std::sqrt(static_cast<double>(y.size())), 0, kSigmas);
}

TEST_P(PeripheryTest, EachSourceOfNoiseHasDrawsOfItsOwn) {
  LayerOnTiles both = noisy_reads(33);
  both.periphery.output_noise = OutputNoise{0.1};
  LayerOnTiles read = both, output = both;
  read.periphery.output_noise.reset();
  output.periphery.read_noise = false;
  const Floats x = test::normals(3 * 5, 1);
  const LayerRanges ranges = ranges_of(both, 1, 1);
  const Floats y = run(both, ranges, x), a = run(read, ranges, x), b = run(output, ranges, x);
  LayerOnTiles quiet = output;
  quiet.periphery.output_noise.reset();
  const Floats none = run(quiet, ranges, x);
  for (std::size_t i = 0; i < y.size(); ++i)
    EXPECT_NEAR(y[i], a[i] + b[i] - none[i], test::tolerance(10));
}

TEST_P(PeripheryTest, NoiseBelongsToTheImageNotToTheBatch) {
  const ConvGeometry g = test::same_padded(9, 31, 33, 3, 1);
  LayerOnTiles layer = test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * 33, 1));
  layer.tile = {100, 20};
  layer.planes[0].read_variance_S2.assign(layer.planes[0].G_S.size(), 1e-3);
  layer.periphery.dac = Dac{.bits = 6, .is_signed = true, .slice_bits = 2};
  layer.periphery.adc = Adc{.bits = 7, .enob = 6.0, .rounding = Rounding::stochastic};
  layer.periphery.output_noise = OutputNoise{0.02};
  const auto loaded = load(layer, ranges_of(layer, 3, 30));
  const Floats x = test::normals(7 * test::values_in(g), 2);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 3 : threads);
  const Floats all = forward(*loaded, g, x, nullptr, 1000);
  omp_set_num_threads(threads);
  const std::size_t in = test::values_in(g), out = test::values_out(g);
  for (std::size_t i = 0; i < 7; ++i) {
    const Floats image(x.begin() + i * in, x.begin() + (i + 1) * in);
    const Floats y = forward(*loaded, g, image, nullptr, 1000 + i);
    ASSERT_TRUE(std::equal(y.begin(), y.end(), all.begin() + i * out)) << "image " << i;
  }
}

// A variance that is 0 stays 0 beside large ones: rounded below, its root were no number.
TEST_P(PeripheryTest, WindowsWithoutInputAreReadWithoutNoise) {
  const ConvGeometry g = test::same_padded(32, 16, 16, 3, 1);
  LayerOnTiles layer = test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * 16, 1));
  layer.planes[0].read_variance_S2.assign(layer.planes[0].G_S.size(), 1e-3);
  Floats x = test::normals(test::values_in(g), 2);
  const auto is_dark = [&](std::size_t pixel) { return pixel % 32 >= 16; };
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = is_dark(i / 16) ? 0 : std::abs(x[i]);
  for (const Products products : {Products::automatic, Products::f32}) {
    layer.periphery.products = products;
    const Floats y = run(layer, {}, x);
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_TRUE(std::isfinite(y[i])) << i;
      const std::size_t column = i / 16 % 32;
      if (column > 16) {
        ASSERT_EQ(y[i], 0) << i;
      } else {
        ASSERT_NE(y[i], 0) << i;
      }
    }
  }
}

TEST_P(PeripheryTest, OffsetAndGainErrorsAreFrozenPerConverter) {
  // Seed 4, 20,000 converters of 16 bits; output 8 LSB-hundreds: gain 1 % of 8, offset 0.3.
  LayerOnTiles layer = fan_out(20000);
  layer.key = noise_key(4, 0);
  layer.periphery.adc = Adc{.bits = 16, .offset_lsb = 0.3 * 3276.7};
  const LayerRanges ranges = ranges_of(layer, 1, 10);
  expect_moments(run(layer, ranges, {0}), 0, 0.3);
  layer.periphery.adc = Adc{.bits = 16, .gain_error = 0.01};
  EXPECT_EQ(moments(run(layer, ranges, {0})).std, 0);
  const Floats once = run(layer, ranges, {8});
  expect_moments(once, 8, 0.08);
  EXPECT_EQ(run(layer, ranges, {8}), once);
  layer.periphery.adc->columns_per_adc = 4;
  const Floats shared = run(layer, ranges, {8});
  int changes = 0;
  for (std::size_t n = 1; n < shared.size(); ++n) {
    if (n % 4 != 0) {
      ASSERT_EQ(shared[n], shared[n - 1]) << n;
    }
    changes += shared[n] != shared[n - 1];
  }
  EXPECT_GT(changes, 4900);  // of 4999; two of 16 bits may be the same by chance
}

TEST_P(PeripheryTest, InlPeaksAtTheRootOfAThird) {
  LayerOnTiles layer = identity(5);
  layer.periphery.adc = Adc{.bits = 12, .inl_lsb = 20};
  const float L = 2047, peak = L / std::sqrt(3.0f);
  const Floats y = run(layer, ranges_of(layer, 1, L), {0, peak, -peak, L, -L});
  EXPECT_EQ(y, (Floats{0, std::rint(peak + 20), -std::rint(peak + 20), L, -L}));
}

TEST_P(PeripheryTest, EnobSetsTheThermalNoise) {
  // Seed 5, 20,000 samples. (4^(14 - 10) - 1) / 12 = 21.25 LSB^2, and 1/12 of rounding.
  LayerOnTiles layer = fan_out(20000);
  layer.key = noise_key(5, 0);
  layer.periphery.adc = Adc{.bits = 14, .enob = 10.0};
  expect_moments(run(layer, ranges_of(layer, 1, 8191), {0.5f}), 0.5, std::sqrt(21.25 + 1.0 / 12));
}

TEST_P(PeripheryTest, StochasticRoundingIsUnbiased) {
  // Seed 6, 20,000 samples: 0.3 rounds up three times in ten.
  LayerOnTiles layer = fan_out(20000);
  layer.key = noise_key(6, 0);
  layer.periphery.adc = Adc{.bits = 8, .rounding = Rounding::stochastic};
  expect_moments(run(layer, ranges_of(layer, 1, 127), {2.3f}), 2.3, std::sqrt(0.3 * 0.7));
  EXPECT_EQ(moments(run(layer, ranges_of(layer, 1, 127), {2})).std, 0);
}

TEST_P(PeripheryTest, CapacitorMismatchErrsMostAtMidScale) {
  // Seed 7, 20,000 converters. The middle threshold of a binary-weighted converter of b bits errs
  // by sigma sqrt(2^b - 1) / 2 (0.32 LSB here); at 0.5 LSB the code falls by one: P(z > 1.5632).
  LayerOnTiles layer = fan_out(20000);
  layer.key = noise_key(7, 0);
  layer.periphery.adc = Adc{.bits = 10, .capacitor_mismatch = 0.02};
  const Floats y = run(layer, ranges_of(layer, 1, 511), {0});
  const double fell =
      static_cast<double>(std::count_if(y.begin(), y.end(), [](float v) { return v < 0; })) / 20000;
  const double expected = 0.5 * std::erfc(0.5 / (0.02 * std::sqrt(1023) / 2) / std::sqrt(2.0));
  EXPECT_NEAR(fell, expected, kSigmas * std::sqrt(expected / 20000));
}

TEST_P(PeripheryTest, MatchedCapacitorsRoundToTheNearest) {
  LayerOnTiles layer = identity(31);
  const Floats x = test::normals(31 * 40, 8);
  layer.periphery.adc = Adc{.bits = 9};
  const Floats nearest = run(layer, ranges_of(layer, 1, 2), x);
  layer.periphery.adc->capacitor_mismatch = 1e-9;
  EXPECT_EQ(run(layer, ranges_of(layer, 1, 2), x), nearest);
}

TEST_P(PeripheryTest, CalibrationFindsPercentilesPerLayerTileOrColumn) {
  LayerOnTiles layer = identity(4);
  layer.tile = {2, 2};
  layer.periphery.adc = Adc{.percentile = 100};
  const Floats x{1, -2, 3, -4, 0.5f, 0.5f, -5, 0.5f};
  const auto observe = [&](RangePer per, int shared = 1) {
    layer.periphery.adc->per = per;
    layer.periphery.adc->columns_per_adc = shared;
    LayerRanges ranges;
    load(layer, {})->observe(x.data(), 2, ranges);
    EXPECT_EQ(ranges.input, 5);
    return ranges.output;
  };
  using Doubles = std::vector<double>;
  EXPECT_EQ(observe(RangePer::layer), Doubles(8, 5.0));
  EXPECT_EQ(observe(RangePer::tile), (Doubles{2, 2, 0, 0, 0, 0, 5, 5}));
  EXPECT_EQ(observe(RangePer::column), (Doubles{1, 2, 0, 0, 0, 0, 5, 4}));
  EXPECT_EQ(observe(RangePer::column, 2), (Doubles{2, 2, 0, 0, 0, 0, 5, 5}));
}

TEST_P(PeripheryTest, CalibrationTakesPercentilesOverAllCalls) {
  LayerOnTiles layer = fan_out(1);
  layer.periphery.adc = Adc{.percentile = 50};
  const auto observer = load(layer, {});
  LayerRanges ranges;
  for (int part = 0; part < 4; ++part) {
    Floats x(250);
    for (int i = 0; i < 250; ++i) x[i] = static_cast<float>(part * 250 + i + 1);
    observer->observe(x.data(), 250, ranges);
  }
  EXPECT_EQ(ranges.input, 1000);
  EXPECT_NEAR(ranges.output[0], 500, 1.0);
  layer.periphery.dac = Dac{.percentile = 90};
  Floats x(1000);
  std::iota(x.begin(), x.end(), 1.0f);
  load(layer, {})->observe(x.data(), 1000, ranges);
  EXPECT_NEAR(ranges.input, 900, 1.0);
}

TEST_P(PeripheryTest, CalibrationOfSlicesIsAtFullDrive) {
  // Code 5 of 7 in slices of one bit: each slice is all or nothing of the full drive 7.
  LayerOnTiles layer = fan_out(1);
  layer.periphery.dac = Dac{.bits = 3, .slice_bits = 1};
  layer.periphery.adc = Adc{.percentile = 100};
  LayerRanges ranges;
  const Floats x{5, 7};
  load(layer, {})->observe(x.data(), 2, ranges);
  EXPECT_EQ(ranges.input, 7);
  EXPECT_FLOAT_EQ(ranges.output[0], 7);
}

}  // namespace
}  // namespace ohmic
