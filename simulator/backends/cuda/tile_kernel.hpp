// The kernel of a layer on tiles: an implicit-GEMM convolution. A block computes some pixels of
// some columns; for every phase of the inputs and every product (plane and row tile) it multiplies,
// adds noise, converts and accumulates in registers, then writes the epilogue's result. No patches
// are stored anywhere.
#pragma once

#include <cmath>
#include <cstdint>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/backends/cuda/block.hpp"
#include "simulator/backends/cuda/short_normals.hpp"
#include "simulator/mvm_noise.hpp"
#include "simulator/quantizer.hpp"
#include "simulator/random/element.hpp"

namespace ohmic::cuda {

/// One of the draws that are computed together.
struct Draw {
  NoiseKey key;
  const float *weights, *variances;
  std::int32_t first_product;  ///< of its converters, among those of all draws
};
OHMIC_HOST_DEVICE Draw draw_of(const TileArguments& a, int block_z) {
  const int i = a.first_draw + block_z;
  const std::int64_t at = i * a.weights_per_draw;
  return {a.keys[i], a.weights + at, a.variances ? a.variances + at : nullptr,
          i * a.converters_per_draw};
}

/// Where a pixel of the output lies.
struct Place {
  std::int32_t base;  ///< of the input under the kernel's first row, in floats; may be negative
  std::int32_t iy, ix;
  std::int32_t image, position;
};

template <class Tile>
struct TileShared {
  Place places[Tile::kPixels];
  typename Tile::Operands operands;
};

/// Numbers per output of one thread, [own pixel][own column].
template <class Tile>
using OwnValues = float[Tile::kOwnPixels][Tile::kOwnColumns];

/// A thread's sums of one product: only unrolled loops touch them, so that they stay in registers.
template <class Tile>
struct TileSums {
  OwnValues<Tile> v{}, variance{};
};

/// The rest of a thread's state, which conversions, too long to unroll, index as they go.
template <class Tile>
struct TileThread {
  int id = 0;
  std::uint32_t clipped = 0;
  OwnValues<Tile> y, v, variance;
};

/// Hands a product's sums over to its conversions and begins anew.
template <class Tile>
OHMIC_HOST_DEVICE void hand_over(TileSums<Tile>& sums, TileThread<Tile>& t) {
  OHMIC_UNROLL
  for (int i = 0; i < Tile::kOwnPixels; ++i) {
    OHMIC_UNROLL
    for (int j = 0; j < Tile::kOwnColumns; ++j) {
      t.v[i][j] = sums.v[i][j];
      sums.v[i][j] = 0.0f;
      if constexpr (Tile::kReads) {
        t.variance[i][j] = sums.variance[i][j];
        sums.variance[i][j] = 0.0f;
      }
    }
  }
}

/// Place of output pixel `pixel` of a draw; beyond its images one that lies outside of them.
OHMIC_HOST_DEVICE Place place_of(const TileArguments& a, int block_z, int pixel) {
  const int image = block_z * (a.pixels / a.positions) + pixel / a.positions;
  const int position = pixel % a.positions;
  const int iy = position / a.out_width * a.stride_height - a.pad_top;
  const int ix = position % a.out_width * a.stride_width - a.pad_left;
  const int base = ((image * a.in_height + iy) * a.in_width + ix) * a.in_channels;
  return {base, pixel < a.pixels ? iy : -2 * kNoRow, ix, image, position};
}

/// The columns that a block computes, all of one group, and what their inputs lie behind those of
/// the first group, in floats.
struct Columns {
  int first, end;
  std::int32_t input;
};
template <class Tile>
OHMIC_HOST_DEVICE Columns columns_of(const TileArguments& a, int block_y) {
  const int per_group = a.columns / a.groups;
  const int blocks = (per_group + Tile::kColumns - 1) / Tile::kColumns;
  const int group = block_y / blocks, end = (group + 1) * per_group;
  const int first = group * per_group + block_y % blocks * Tile::kColumns;
  return {first, first + Tile::kColumns < end ? first + Tile::kColumns : end,
          group * (a.in_channels / a.groups)};
}

/// An input or code at a place, or a phase's slice of it; 0 in the padding.
OHMIC_HOST_DEVICE float input_at(const TileArguments& a, const PhaseArguments& phase,
                                 const Place& place, const Row& row, std::int32_t input) {
  const int iy = place.iy + row.ky, ix = place.ix + row.kx;
  if (iy < 0 || iy >= a.in_height || ix < 0 || ix >= a.in_width) return 0.0f;
  const float x = a.x[place.base + row.offset + input];
  return a.slice_mask == 0 ? x : input_slice(x, phase.sign, phase.shift, a.slice_mask);
}

/// What drives a row at a place.
OHMIC_HOST_DEVICE float drive_of(const TileArguments& a, const PhaseArguments& phase,
                                 const Place& place, const Row& row, std::int32_t input) {
  const float x = row.ky == kBiasRow ? phase.bias : input_at(a, phase, place, row, input);
  if (row.power == 1) return x;
  return row.power == 2 ? x * std::abs(x) : x * x * x;
}

/// Rows [k, k + kDepth) of a product and what drives them, spread over the block's threads.
template <class Tile>
OHMIC_HOST_DEVICE void load_step(const TileArguments& a, const ProductArguments& product,
                                 const PhaseArguments& phase, const Draw& draw, int k,
                                 const Columns& columns, int id, TileShared<Tile>& shared) {
  const int first = product.first_row + k;
  const Row row = a.rows[first + id % kDepth];
  for (int p = id / kDepth; p < Tile::kPixels; p += Tile::kThreads / kDepth)
    shared.operands.set_input(p, id % kDepth,
                              drive_of(a, phase, shared.places[p], row, columns.input));
  for (int i = id; i < kDepth * Tile::kColumns; i += Tile::kThreads) {
    const int depth = i / Tile::kColumns, n = i % Tile::kColumns;
    const bool inside = columns.first + n < columns.end;
    const std::int64_t at = std::int64_t{first + depth} * a.packed_columns + columns.first + n;
    shared.operands.set_weight(depth, n, inside ? draw.weights[at] : 0.0f);
    if constexpr (Tile::kReads)
      shared.operands.set_variance(depth, n, inside ? draw.variances[at] : 0.0f);
  }
}

/// Sources of noise of one conversion.
struct ConversionNoise {
  ShortNormals read, output, thermal;
};

/// v as the decision of `converter` meets it.
OHMIC_HOST_DEVICE float disturb(const TileArguments& a, const ProductArguments& product,
                                NoiseKey key, int converter, std::uint64_t image,
                                std::uint64_t element, float variance, ConversionNoise& noise,
                                float v) {
  if (product.reads_noisily)
    v += std::sqrt(variance) * noise.read.at(key, read_noise_address(a.layer, image), element);
  if (a.noise)
    v += a.noise[converter] * noise.output.at(key, output_noise_address(a.layer, image), element);
  if (a.offset) v += a.offset[converter];
  if (a.thermal > 0)
    v += a.thermal * noise.thermal.at(key, thermal_noise_address(a.layer, image), element);
  return v;
}

/// Successive approximation with one converter's capacitors.
OHMIC_HOST_DEVICE float approximate(const TileArguments& a, const ProductArguments& product,
                                    const float* capacitors, float v) {
  float level = 0.0f, code = 0.0f;
  const float held = clamp_code(v, product.lowest, product.highest) + product.zero + 0.5f;
  for (int bit = a.bits - 1; bit >= 0; --bit)
    sar_decision(held, capacitors[bit * a.packed_columns], static_cast<float>(1 << bit), level,
                 code);
  return code - product.zero;
}

/// The code that stands for v.
OHMIC_HOST_DEVICE float convert(const TileArguments& a, const ProductArguments& product,
                                NoiseKey key, const float* capacitors, std::uint64_t image,
                                std::uint64_t element, float v, std::uint32_t& clipped) {
  if (!a.converts) return v;
  if (a.inl != 0) v = bend(v, a.inl, product.highest);
  clipped += saturates(v, product.lowest, product.highest) ? 1u : 0u;
  if (capacitors) v = approximate(a, product, capacitors, v);
  if (!a.dithers) return quantize(v, product.lowest, product.highest);
  const float dither = uniform_of_element(key, dither_address(a.layer, image), element);
  return quantize_dithered(v, dither, product.lowest, product.highest);
}

/// Calls f(own pixel, own column, place, column) for what this thread owns inside the layer, in an
/// order in which neighbours share noise.
template <class Tile, class F>
OHMIC_HOST_DEVICE void each_owned(const TileArguments& a, const TileShared<Tile>& shared,
                                  int first_pixel, const Columns& columns, int id, const F& f) {
  for (int c = 0; c < Tile::kClasses; ++c)
    for (int i = 0; i < Tile::kOwnPixels; ++i) {
      const int pixel = Tile::pixel(id, i);
      if (first_pixel + pixel >= a.pixels) continue;
      for (int j = c; j < Tile::kOwnColumns; j += Tile::kClasses) {
        const int n = columns.first + Tile::column(id, j);
        if (n < columns.end) f(i, j, shared.places[pixel], n);
      }
    }
}

/// Adds one phase of one product to y.
template <class Tile>
OHMIC_HOST_DEVICE void accumulate(const TileArguments& a, const Draw& draw, int f, int p,
                                  int first_pixel, const Columns& columns,
                                  const TileShared<Tile>& shared, TileThread<Tile>& t) {
  const ProductArguments product = a.products[p];
  const float weight = a.phases[f].weight;
  const std::uint64_t conversion = static_cast<std::uint64_t>(p) * a.all_phases + f;
  ConversionNoise noise;
  each_owned(a, shared, first_pixel, columns, t.id, [&](int i, int j, const Place& place, int n) {
    const std::uint64_t element = (conversion * a.positions + place.position) * a.columns + n;
    const std::uint64_t image = a.first_image + static_cast<std::uint64_t>(place.image);
    const int converter = (draw.first_product + p) * a.packed_columns + n;
    const float* capacitors =
        a.capacitors ? a.capacitors + (draw.first_product + p) * a.bits * a.packed_columns + n
                     : nullptr;
    const float v = disturb(a, product, draw.key, converter, image, element,
                            Tile::kReads ? t.variance[i][j] : 0.0f, noise, t.v[i][j]);
    const float code = convert(a, product, draw.key, capacitors, image, element, v, t.clipped);
    t.y[i][j] += weight * a.digital[p * a.packed_columns + n] * code;
  });
}

template <class Tile, class Block>
OHMIC_HOST_DEVICE void add_product(const TileArguments& a, int f, int p, Block& block) {
  const int first_pixel = block.x() * Tile::kPixels;
  const Columns columns = columns_of<Tile>(a, block.y());
  const Draw draw = draw_of(a, block.z());
  TileShared<Tile>& shared = block.shared();
  const int rows = a.products[p].rows;
  for (int k = 0; k < rows; k += kDepth) {
    block.each([&](TileThread<Tile>& t, TileSums<Tile>&) {
      load_step<Tile>(a, a.products[p], a.phases[f], draw, k, columns, t.id, shared);
    });
    block.each([&](TileThread<Tile>& t, TileSums<Tile>& sums) {
      Tile::multiply(shared.operands, t.id, sums.v, sums.variance);
    });
  }
  block.each([&](TileThread<Tile>& t, TileSums<Tile>& sums) {
    hand_over(sums, t);
    accumulate<Tile>(a, draw, f, p, first_pixel, columns, shared, t);
  });
}

/// The whole of block (x, y, z): pixels from x kPixels on, columns_of(y), draw_of(z).
template <class Tile, class Block>
OHMIC_HOST_DEVICE void compute_tile(const TileArguments& a, Block& block) {
  const int first_pixel = block.x() * Tile::kPixels;
  const Columns columns = columns_of<Tile>(a, block.y());
  TileShared<Tile>& shared = block.shared();
  block.each([&](TileThread<Tile>& t, TileSums<Tile>&) {
    for (int p = t.id; p < Tile::kPixels; p += Tile::kThreads)
      shared.places[p] = place_of(a, block.z(), first_pixel + p);
  });
  const auto at = [&](const Place& place, int n) {
    return (std::int64_t{place.image} * a.positions + place.position) * a.columns + n;
  };
  block.each([&](TileThread<Tile>& t, TileSums<Tile>&) {
    each_owned(a, shared, first_pixel, columns, t.id, [&](int i, int j, const Place& place, int n) {
      t.y[i][j] = a.residual ? a.shift[n] + a.residual[at(place, n)] : a.shift[n];
    });
  });
  for (int f = a.first_phase; f < a.end_phase; ++f)
    for (int p = a.first_product; p < a.end_product; ++p) add_product<Tile>(a, f, p, block);
  block.each([&](TileThread<Tile>& t, TileSums<Tile>&) {
    each_owned(a, shared, first_pixel, columns, t.id, [&](int i, int j, const Place& place, int n) {
      a.y[at(place, n)] = a.relu ? relu(t.y[i][j]) : t.y[i][j];
    });
  });
  if (a.converts) block.count(a.clipped);
}

}  // namespace ohmic::cuda
