// One source for all back ends: what a layer with ideal periphery computes. Expectations are exact
// integers or closed forms, so that the reference is tested as well.
#include "simulator/backend.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <iterator>
#include <limits>

#include "simulator/error.hpp"
#include "tests/simulator/on_backend.hpp"

namespace ohmic {
namespace {

using test::forward;

class BackendTest : public test::OnBackend {
 protected:
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles& layer, const Epilogue& epilogue) {
    return backend_->load(layer, epilogue);
  }
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles& layer) {
    return load(layer, test::identity_epilogue(layer.geometry.out_channels));
  }
};

INSTANTIATE_TEST_SUITE_P(, BackendTest, testing::ValuesIn(test::backends()),
                         [](const auto& info) { return info.param; });

/// Small integers that repeat with no period in common with any size here.
std::vector<float> integers(std::size_t size, int multiplier) {
  std::vector<float> v(size);
  for (std::size_t i = 0; i < size; ++i)
    v[i] = static_cast<float>(static_cast<int>((i * multiplier) % 1009 % 7) - 3);
  return v;
}

/// The convolution by its definition, in integers, scattered from the inputs.
std::vector<std::int64_t> scattered(const ConvGeometry& g, const std::vector<float>& x,
                                    const std::vector<float>& w) {
  const int OH = g.out_height(), OW = g.out_width(), N = g.out_channels;
  std::vector<std::int64_t> y(test::values_out(g));
  for (int iy = 0; iy < g.in_height; ++iy)
    for (int ix = 0; ix < g.in_width; ++ix)
      for (int ky = 0; ky < g.kernel_height; ++ky)
        for (int kx = 0; kx < g.kernel_width; ++kx) {
          const int oy = iy + g.pad_top - ky * g.dilation_height;
          const int ox = ix + g.pad_left - kx * g.dilation_width;
          if (oy < 0 || ox < 0 || oy % g.stride_height || ox % g.stride_width) continue;
          const int row = oy / g.stride_height, column = ox / g.stride_width;
          if (row >= OH || column >= OW) continue;
          for (int c = 0; c < g.in_channels; ++c)
            for (int n = 0; n < N; ++n) {
              const int k = (c * g.kernel_height + ky) * g.kernel_width + kx;
              y[static_cast<std::size_t>((row * OW + column) * N + n)] +=
                  static_cast<std::int64_t>(x[(iy * g.in_width + ix) * g.in_channels + c]) *
                  static_cast<std::int64_t>(w[static_cast<std::size_t>(n) * g.rows() + k]);
            }
        }
  return y;
}

TEST_P(BackendTest, ComputesTheExactConvolutionOfIntegers) {
  for (const auto& [name, g] : test::geometries()) {
    const auto x = integers(test::values_in(g), 5);
    const auto w = integers(static_cast<std::size_t>(g.rows()) * g.columns(), 11);
    const auto expected = scattered(g, x, w);
    LayerOnTiles layer = test::layer_of(g, w);
    layer.periphery.products = Products::f32;
    const auto y = forward(*load(layer), g, x);
    for (std::size_t i = 0; i < y.size(); ++i)
      ASSERT_EQ(y[i], static_cast<float>(expected[i])) << name << " at " << i;
  }
}

// Integers whose sums fit into 24 bits are exact in float, and 1/4, 1/6 and 1/24 of them, which
// minimal filtering adds up, are not.
TEST_P(BackendTest, FloatByNameSumsWhatMinimalFilteringRounds) {
  const ConvGeometry g = test::same_padded(32, 16, 16, 3, 1);
  std::vector<float> x = integers(test::values_in(g), 5);
  for (float& v : x) v *= 331;
  const auto w = integers(static_cast<std::size_t>(g.rows()) * g.columns(), 11);
  const auto expected = scattered(g, x, w);
  LayerOnTiles layer = test::layer_of(g, w);
  const auto chosen = forward(*load(layer), g, x);
  layer.periphery.products = Products::f32;
  const auto exact = forward(*load(layer), g, x);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    ASSERT_EQ(exact[i], static_cast<float>(expected[i])) << "at " << i;
    ASSERT_NEAR(chosen[i], exact[i], 3 * 331 * test::tolerance(3 * std::sqrt(g.rows()))) << i;
  }
}

TEST_P(BackendTest, OnesCountTheCellsInsideThePadding) {
  const ConvGeometry g = test::same_padded(4, 31, 1, 3, 1);
  const std::vector<float> w(static_cast<std::size_t>(g.rows()), 1.0f);
  const auto y = forward(*load(test::layer_of(g, w)), g, std::vector<float>(16 * 31, 1.0f));
  const float corner = 4 * 31, edge = 6 * 31, inner = 9 * 31;
  EXPECT_EQ(y, (std::vector<float>{corner, edge, edge, corner, edge, inner, inner, edge,  //
                                   edge, inner, inner, edge, corner, edge, edge, corner}));
}

TEST_P(BackendTest, StridedSamePaddingOfEvenImagesStartsAtTheFirstPixel) {
  const ConvGeometry g = test::same_padded(4, 1, 1, 3, 2);
  ASSERT_EQ(g.pad_left, 0);
  ASSERT_EQ(g.pad_right, 1);
  std::vector<float> w(9, 0.0f), x(16);
  w[0] = 1.0f;
  std::iota(x.begin(), x.end(), 0.0f);
  EXPECT_EQ(forward(*load(test::layer_of(g, w)), g, x), (std::vector<float>{0, 2, 8, 10}));
}

TEST_P(BackendTest, PlanesAddInUnitsOfWeights) {
  LayerOnTiles layer = test::layer_of(test::dense(3, 2), {1, 2, 3, 4, 5, 6});
  layer.planes.push_back(layer.planes[0]);
  layer.planes[0].weight_per_S = 2.0;
  layer.planes[1].weight_per_S = -0.5;
  EXPECT_EQ(layer.effective_weights(), (std::vector<float>{1.5, 3, 4.5, 6, 7.5, 9}));
  EXPECT_EQ(forward(*load(layer), layer.geometry, {1, 1, 1}), (std::vector<float>{9, 22.5}));
}

TEST_P(BackendTest, EpilogueScalesShiftsAddsTheResidualAndThenRectifies) {
  const ConvGeometry g = test::dense(2, 4);
  const LayerOnTiles layer = test::layer_of(g, {1, 0, 0, 1, 1, 1, 1, -1});
  const std::vector<float> x{3, 5}, residual{-4, 1, 0, 10};
  Epilogue e{{2, 2, -1, 1}, {1, 0, 0.5, -9}, true};
  EXPECT_EQ(forward(*load(layer, e), g, x), (std::vector<float>{7, 10, 0, 0}));
  EXPECT_EQ(forward(*load(layer, e), g, x, residual.data()), (std::vector<float>{3, 11, 0, 0}));
  e.relu = false;
  EXPECT_EQ(forward(*load(layer, e), g, x, residual.data()), (std::vector<float>{3, 11, -7.5, -1}));
}

TEST_P(BackendTest, WhatIsNotANumberBecomesZeroInTheReluOnly) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const ConvGeometry g = test::same_padded(4, 16, 16, 3, 1);
  std::vector<float> w(static_cast<std::size_t>(g.rows()) * 16, 1.0f);
  w[0] = nan;
  Epilogue e = test::identity_epilogue(16);
  e.shift[1] = nan;
  const std::vector<float> x(test::values_in(g), 1.0f);
  auto y = forward(*load(test::layer_of(g, w), e), g, x);
  EXPECT_TRUE(std::isnan(y[5 * 16]));
  EXPECT_TRUE(std::isnan(y[5 * 16 + 1]));
  EXPECT_EQ(y[5 * 16 + 2], 144.0f);
  e.relu = true;
  y = forward(*load(test::layer_of(g, w), e), g, x);
  EXPECT_EQ(y[5 * 16], 0.0f);
  EXPECT_EQ(y[5 * 16 + 1], 0.0f);
  EXPECT_EQ(y[5 * 16 + 2], 144.0f);
}

TEST_P(BackendTest, AnswersDependNeitherOnTheBatchNorOnTheThreads) {
  const ConvGeometry g = test::same_padded(9, 31, 33, 3, 1);
  const auto w = test::normals(static_cast<std::size_t>(g.rows()) * 33, 1);
  const auto x = test::normals(17 * test::values_in(g), 2);
  const auto residual = test::normals(17 * test::values_out(g), 3);
  const auto layer = load(test::layer_of(g, w));
  const auto all = forward(*layer, g, x, residual.data());
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 3 : 1);
  EXPECT_EQ(forward(*load(test::layer_of(g, w)), g, x, residual.data()), all);
  omp_set_num_threads(threads);
  const std::size_t in = test::values_in(g), out = test::values_out(g);
  for (std::size_t i = 0; i < 17; ++i) {
    const std::vector<float> image(x.begin() + i * in, x.begin() + (i + 1) * in);
    const auto y = forward(*layer, g, image, residual.data() + i * out);
    ASSERT_TRUE(std::equal(y.begin(), y.end(), all.begin() + i * out)) << "image " << i;
  }
}

TEST_P(BackendTest, AgreesWithTheReference) {
  const auto reference = make_backend("reference");
  for (const auto& [name, g] : test::geometries()) {
    const auto w = test::normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1);
    const auto x = test::normals(3 * test::values_in(g), 2);
    const auto epilogue = test::identity_epilogue(g.out_channels);
    const auto expected = forward(*reference->load(test::layer_of(g, w), epilogue), g, x);
    for (const Products products : {Products::automatic, Products::f32}) {
      LayerOnTiles layer = test::layer_of(g, w);
      layer.periphery.products = products;
      const auto y = forward(*load(layer), g, x);
      const double rounding = products == Products::f32 ? 1 : 3;  // of minimal filtering
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_NEAR(y[i], expected[i], test::tolerance(rounding * std::sqrt(g.rows())))
            << name << " at " << i;
    }
  }
}

TEST_P(BackendTest, ObservesTheLargestInput) {
  const ConvGeometry g = test::dense(4, 1);
  const auto layer = load(test::layer_of(g, {1, 1, 1, 1}));
  LayerRanges ranges;
  const std::vector<float> x{1, -7, 2, 3}, larger{0, 0, 0, 8};
  layer->observe(x.data(), 1, ranges);
  EXPECT_EQ(ranges.input, 7.0);
  layer->observe(larger.data(), 1, ranges);
  EXPECT_EQ(ranges.input, 8.0);
}

TEST_P(BackendTest, AnEpilogueByItselfIsItsEquation) {
  for (const std::size_t rows : {1, 31, 257}) {
    const std::vector<float> x = integers(3 * rows, 5), residual = integers(3 * rows, 11);
    const std::vector<float> scale{2, -1, 0.5f}, shift{1, 0, -3};
    for (const bool affine : {true, false})
      for (const bool sum : {true, false})
        for (const bool rectified : {true, false}) {
          Epilogue epilogue{{}, {}, rectified};
          if (affine) epilogue.scale = scale, epilogue.shift = shift;
          std::vector<float> y(x.size(), -7);
          backend_->apply(epilogue, x.data(), std::ssize(x), sum ? residual.data() : nullptr,
                          y.data());
          for (std::size_t i = 0; i < x.size(); ++i) {
            float wanted = affine ? scale[i % 3] * x[i] + shift[i % 3] : x[i];
            if (sum) wanted += residual[i];
            if (rectified && wanted < 0) wanted = 0;
            ASSERT_EQ(y[i], wanted) << rows << " rows, " << affine << sum << rectified;
          }
        }
  }
}

TEST_P(BackendTest, AnEpilogueByItselfMakesZeroOfNaNInTheReluAlone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float y = 1;
  backend_->apply({{}, {}, true}, &nan, 1, nullptr, &y);
  EXPECT_EQ(y, 0);
  backend_->apply({{}, {}, false}, &nan, 1, nullptr, &y);
  EXPECT_TRUE(std::isnan(y));
}

TEST(MakeBackend, NamesTheOptionThatABuildWithoutCudaLacks) {
  const auto names = backend_names();
  if (std::count(names.begin(), names.end(), "cuda") > 0) GTEST_SKIP() << "this build has CUDA";
  try {
    make_backend("cuda");
    FAIL();
  } catch (const UnsupportedError& error) {
    EXPECT_NE(std::string(error.what()).find("-DOHMIC_CUDA=ON"), std::string::npos);
  }
}

TEST(MakeBackend, ListsWhatExists) {
  try {
    make_backend("gpu");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(
        std::string(error.what()).find("\"gpu\": expected \"reference\", \"cpu\" or \"cuda\""),
        std::string::npos);
  }
}

}  // namespace
}  // namespace ohmic
