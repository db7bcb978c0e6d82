#include "simulator/backends/cpu/plain_convolution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/bf16.hpp"

namespace ohmic::onednn {
namespace {

std::vector<float> numbers(std::size_t n, unsigned seed) {
  std::mt19937 bits(seed);
  std::uniform_real_distribution<float> some(-1.0f, 1.0f);
  std::vector<float> v(n);
  for (float& x : v) x = some(bits);
  return v;
}

/// The sum at one output, written once more from the definition.
double sum_at(const ConvolutionSpec& s, const std::vector<float>& x, const std::vector<float>& w,
              int image, int n, int oy, int ox) {
  const ConvGeometry& g = s.geometry;
  const int per_group = g.in_channels / g.groups;
  double sum = 0.0;
  for (int c = 0; c < per_group; ++c)
    for (int ky = 0; ky < g.kernel_height; ++ky)
      for (int kx = 0; kx < g.kernel_width; ++kx) {
        const int iy = oy * g.stride_height + ky * g.dilation_height - g.pad_top;
        const int ix = ox * g.stride_width + kx * g.dilation_width - g.pad_left;
        if (iy < 0 || ix < 0 || iy >= g.in_height || ix >= g.in_width) continue;
        const int channel = n / (g.out_channels / g.groups) * per_group + c;
        const float a = x[((image * g.in_height + iy) * g.in_width + ix) * g.in_channels + channel];
        const float b = w[((n * per_group + c) * g.kernel_height + ky) * g.kernel_width + kx];
        sum += s.format == Format::bf16 ? double{float_of(bf16_of(a))} * float_of(bf16_of(b))
                                        : double{a} * b;
      }
  return sum;
}

std::vector<ConvGeometry> shapes() {
  ConvGeometry uneven{.in_height = 9,
                      .in_width = 7,
                      .in_channels = 4,
                      .out_channels = 6,
                      .kernel_height = 3,
                      .kernel_width = 2,
                      .stride_height = 2,
                      .stride_width = 1,
                      .pad_top = 1,
                      .pad_left = 0,
                      .pad_bottom = 2,
                      .pad_right = 3,
                      .groups = 2,
                      .dilation_height = 1,
                      .dilation_width = 2};
  ConvGeometry dense{.in_channels = 37, .out_channels = 11};
  ConvGeometry groups_of_four{.in_height = 5,
                              .in_width = 5,
                              .in_channels = 128,
                              .out_channels = 128,
                              .kernel_height = 3,
                              .kernel_width = 3,
                              .pad_top = 1,
                              .pad_left = 1,
                              .pad_bottom = 1,
                              .pad_right = 1,
                              .groups = 32};
  return {uneven, dense, groups_of_four};
}

TEST(PlainConvolution, IsTheSumOfItsDefinition) {
  unsigned seed = 1;
  for (const ConvGeometry& g : shapes())
    for (const Format format : {Format::f32, Format::bf16})
      for (const bool accumulates : {false, true}) {
        const ConvolutionSpec s{g, 2, format, true, accumulates, accumulates};
        const auto x = numbers(std::size_t(2) * g.in_height * g.in_width * g.in_channels, seed++);
        const auto w = numbers(std::size_t(g.kernel_rows()) * g.out_channels, seed++);
        const auto bias = numbers(g.out_channels, seed++);
        const auto before = numbers(std::size_t(2) * g.positions() * g.out_channels, seed++);
        std::vector<float> y = before;
        std::vector<Bf16> short_x(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) short_x[i] = bf16_of(x[i]);
        const void* given = format == Format::bf16 ? static_cast<const void*>(short_x.data())
                                                   : static_cast<const void*>(x.data());
        cpu::convolve_plain(s, given, cpu::pack_plain(s, w).data(), bias.data(), y.data());
        std::size_t at = 0;
        for (int i = 0; i < 2; ++i)
          for (int oy = 0; oy < g.out_height(); ++oy)
            for (int ox = 0; ox < g.out_width(); ++ox)
              for (int n = 0; n < g.out_channels; ++n, ++at) {
                double want = sum_at(s, x, w, i, n, oy, ox) + bias[n];
                if (accumulates) want = std::max(0.0, want + before[at]);
                ASSERT_NEAR(y[at], want, 2e-5) << "value " << at;
              }
      }
}

/// oneDNN has these only as products of matrices, which do not run beside PyTorch's wheel.
TEST(PlainConvolution, StandsInWhereOneDnnHasNoCodeOfItsOwn) {
  const ConvGeometry g = shapes().front();
  const ConvolutionSpec s{g, 1, Format::f32, false, false, false};
  const auto x = numbers(std::size_t(g.in_height) * g.in_width * g.in_channels, 1);
  const auto w = numbers(std::size_t(g.kernel_rows()) * g.out_channels, 2);
  std::vector<float> ours(std::size_t(g.positions()) * g.out_channels), theirs(ours.size());
  cpu::convolve_plain(s, x.data(), cpu::pack_plain(s, w).data(), nullptr, ours.data());
  const Convolution convolution(s);
  convolution.run(x.data(), convolution.pack(w), nullptr, theirs.data());
  for (std::size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-5);
}

TEST(PlainConvolution, WhatIsNotANumberIsZeroBehindReLU) {
  ConvolutionSpec s{{}, 1, Format::f32, false, false, true};
  const float x = std::numeric_limits<float>::quiet_NaN(), w = 1.0f;
  float y = -1.0f;
  cpu::convolve_plain(s, &x, &w, nullptr, &y);
  EXPECT_EQ(y, 0.0f);
}

}  // namespace
}  // namespace ohmic::onednn
