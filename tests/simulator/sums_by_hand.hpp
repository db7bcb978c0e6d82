// Products of integer codes with a row tile, cell by cell in double: what the processor's quicker
// ways of computing them are tested against.
#pragma once

#include <cmath>
#include <vector>

#include "simulator/converters.hpp"
#include "tests/simulator/backend_cases.hpp"

namespace ohmic::test {

/// Behind 8-bit converters: a row of biases, and row tiles that end inside channels.
inline LayerOnTiles tiled_layer(const ConvGeometry& given, const Dac& dac) {
  ConvGeometry g = given;
  g.bias_rows = 1;
  LayerOnTiles layer = layer_of(g, normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1));
  layer.tile = {100, 0};
  layer.input_full_scale = 1;
  layer.periphery.dac = dac;
  layer.periphery.adc = Adc{.bits = 8};
  return layer;
}

/// Where its converters take up to `input_range` and 127 codes.
inline LayerPlan tiled_plan(const LayerOnTiles& layer, double input_range) {
  const auto tiles = static_cast<std::size_t>(layer.tile.row_tiles(layer.geometry.rows()));
  const std::size_t converters = layer.planes.size() * tiles * layer.geometry.out_channels;
  return plan_layer(layer, {input_range, std::vector<double>(converters, 127)});
}

/// Codes of 8 bits, a third of them 0.
inline std::vector<float> codes(std::size_t size, bool is_signed) {
  std::vector<float> x = normals(size, 5);
  for (float& v : x) {
    const float limit = is_signed ? 127 : 255;
    v = std::rint(std::min(std::abs(v) * 80.0f, limit)) * (is_signed && v < 0 ? -1.0f : 1.0f);
    if (std::fmod(std::abs(v), 3.0f) == 0) v = 0;
  }
  return x;
}

/// Codes of 8 bits at the ends of their range: where roundings of cells show most.
inline std::vector<float> extreme_codes(std::size_t size, bool is_signed) {
  std::vector<float> x = normals(size, 7);
  for (float& v : x) v = v > 0 ? (is_signed ? 127.0f : 255.0f) : (is_signed ? -127.0f : 0.0f);
  return x;
}

/// What `products` = "auto" makes of a layer behind 8-bit converters whose ADC takes up to `range`
/// codes of inputs times weights, beside what the formats to choose from do.
struct Chosen {
  double error;  ///< LoadedLayer::products_error()
  std::vector<float> outputs, of_floats, of_shorter;
};
inline Chosen chosen_products(LayerOnTiles layer, double range, Products shorter = Products::bf16) {
  const ConvGeometry& g = layer.geometry;
  const auto tiles = static_cast<std::size_t>(layer.tile.row_tiles(g.rows()));
  const LayerRanges ranges{255, std::vector<double>(tiles * g.out_channels, range)};
  const std::vector<float> x = codes(values_in(g), layer.periphery.dac->is_signed);
  const auto backend = make_backend("cpu");
  Chosen all{};
  const auto outputs = [&](Products products) {
    layer.periphery.products = products;
    if (!backend->refusal(layer).empty()) return std::vector<float>();  // no bf16 here
    const auto loaded = backend->load(layer, identity_epilogue(g.out_channels), &ranges);
    all.error = loaded->products_error();
    return forward(*loaded, g, x);
  };
  all.of_floats = outputs(Products::f32);
  all.of_shorter = outputs(shorter);
  all.outputs = outputs(Products::automatic);
  if (all.of_shorter.empty()) all.of_shorter = all.outputs;
  return all;
}

/// What a column adds up to, and the most it could if drives were 1 at most.
struct Sum {
  double value = 0, most = 0;
};

/// One phase at one position of one column of a row tile's matrix, cell by cell, with the inputs
/// `x` in codes; of their squares where `squares`. `slice_mask` as in InputPlan.
inline Sum by_hand(const ConvGeometry& g, const TileProduct& t, const std::vector<double>& matrix,
                   int slice_mask, const Phase& phase, const std::vector<float>& x, int position,
                   int n, bool squares = false) {
  Sum sum;
  const int taps = g.kernel_height * g.kernel_width;
  for (int k = 0; k < t.rows; ++k) {
    const double cell = matrix[static_cast<std::size_t>(n) * t.rows + k];
    double drive = phase.bias;
    sum.most += std::abs(cell);
    if (const int row = t.first_row + k; row < g.kernel_rows()) {
      const int y = position / g.out_width() * g.stride_height - g.pad_top +
                    row % taps / g.kernel_width * g.dilation_height;
      const int column = position % g.out_width() * g.stride_width - g.pad_left +
                         row % g.kernel_width * g.dilation_width;
      if (y < 0 || y >= g.in_height || column < 0 || column >= g.in_width) continue;
      const float code =
          x[static_cast<std::size_t>((y * g.in_width + column) * g.in_channels + row / taps)];
      const int magnitude = static_cast<int>(std::abs(code));
      const int digit = slice_mask ? magnitude >> phase.shift & slice_mask : magnitude;
      drive = phase.sign == 0 ? std::copysign(digit, code) : phase.sign * code > 0 ? digit : 0;
    }
    sum.value += (squares ? drive * drive : drive) * cell;
  }
  return sum;
}

}  // namespace ohmic::test
