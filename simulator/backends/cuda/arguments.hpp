// What the kernels are told: sizes, and pointers into the memory of the machine that runs them.
#pragma once

#include <cstdint>

#include "simulator/device_effect.hpp"
#include "simulator/device_read.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic::cuda {

/// Rows of a product are packed in steps of so many, with zeros at the end.
constexpr int kDepth = 16;
/// Columns are packed to a multiple of so many, with zeros at the end.
constexpr int kLane = 16;
/// Draws of a layer's devices that are computed together, at most.
constexpr int kDraws = 16;

/// Where one row of a tile finds its input, relative to the first pixel under the kernel.
struct Row {
  std::int32_t offset;  ///< in floats
  std::int16_t ky, kx;
  std::int32_t power;  ///< of the input, 1 to 3: x, x |x|, x^3 (non-linear cells)
};
/// ky of a row that only fills up a step: no image is so high.
constexpr std::int16_t kNoRow = 0x4000;
/// ky of the row that holds biases: PhaseArguments::bias drives it everywhere.
constexpr std::int16_t kBiasRow = -kNoRow;

struct ProductArguments {
  std::int32_t first_row, rows;  ///< of the packed rows, a multiple of kDepth
  std::int32_t reads_noisily;    ///< 0 or 1
  float lowest, highest;         ///< codes
  float zero;                    ///< sar_zero
};

struct PhaseArguments {
  std::int32_t sign, shift;
  float weight;
  float bias;  ///< what drives the row of biases
};

/// codes[i] = quantize(x[i] codes_per_x, lowest, highest), clips counted.
struct ConvertArguments {
  const float* x;
  float* codes;
  std::int64_t size;
  float codes_per_x, lowest, highest;
  std::uint64_t* clipped;
};

/// One layer on a batch: y = epilogue(sum over phases and products of digital * ADC(product)). The
/// batch may be that of several draws: as many images of each, one draw after the other.
struct TileArguments {
  std::int32_t bf16_parts;  ///< bf16 numbers that make up a weight, 1 or 2; 0: all float

  // Geometry. Images follow one another; pixels = images * positions.
  std::int32_t in_height, in_width, in_channels, out_width;
  std::int32_t stride_height, stride_width, pad_top, pad_left;
  std::int32_t positions, columns, packed_columns;
  std::int32_t groups;  ///< of channels and columns; 1 where every column sees every channel
  std::int32_t pixels;  ///< of each draw

  const float* x;         ///< inputs, or their codes
  const float* residual;  ///< as y, or null
  float* y;               ///< draws x pixels x columns

  const Row* rows;
  const float* weights;    ///< [draw] packed rows x packed columns
  const float* variances;  ///< likewise, or null where no product reads noisily
  std::int64_t weights_per_draw;

  const PhaseArguments* phases;
  const ProductArguments* products;
  std::int32_t first_phase, end_phase, first_product, end_product;  ///< those of this launch
  std::int32_t all_phases;                                          ///< of the layer

  const float* digital;  ///< per product and packed column
  const float* shift;    ///< per packed column
  // What converters add, [draw] per product and packed column, or null without.
  const float *noise, *offset;
  const float* capacitors;           ///< [draw][product][bit][packed column]
  std::int32_t converters_per_draw;  ///< products of a draw in these; 0: all draws have the same

  std::int32_t slice_mask;  ///< 0: inputs are applied whole
  std::int32_t converts, bits, dithers, relu;
  float inl, thermal;

  std::int32_t first_draw, draws;  ///< those of this launch
  NoiseKey keys[kDraws];           ///< of all
  std::uint16_t layer;
  std::uint64_t first_image;
  std::uint64_t* clipped;  ///< conversions beyond the limits are added here
};

/// Devices of one role; this and what follows as in ProgrammingPlan.
struct RoleArguments {
  const double* target_S;
  double sign;
  std::int32_t is_reference;
};
struct PlaneArguments {
  double reference_S;
  std::int32_t first_role, end_role;
};

/// A layer whose devices are programmed.
struct DeviceArguments {
  std::int32_t K, N;
  std::int32_t tile_rows, tile_columns;  ///< no larger than K and N
  const RoleArguments* roles;
  const PlaneArguments* planes;
  const DeviceEffect* effects;
  const DeviceRead* reads;  ///< by stage, as effects are
  std::int32_t role_count, plane_count, effect_count, read_count;
  // Where wires are to be solved, else null.
  double* stored_S;            ///< [draw][role][cell], replaced by what wires make of it
  double *alone_S, *sigma_S;   ///< what was stored, and std of its reads; null if these are quiet
  const std::uint8_t* spared;  ///< or null
  std::uint16_t layer;

  // Where weights go: see WeightsPlace.
  const double* factors;  ///< [draw][plane][row tile][column]
  std::int64_t factors_per_plane, factors_per_draw;
  std::int32_t by_plane;
  const std::int32_t* rows;  ///< [matrix][row]
  std::int64_t column_stride, draw_stride;
  const float* scale;
  float *weights, *variances;
};

/// Draws of the devices of some layers; or what has become of them on wires.
struct ProgrammingArguments {
  const DeviceArguments* layers;
  std::int32_t layer_count, draws;
  std::int64_t most_cells;  ///< of a layer
  NoiseKey keys[kDraws];
  std::uint64_t* unsolved;  ///< null: devices are programmed; else weights that are no numbers are
                            ///< added here while what is stored is decoded
};

}  // namespace ohmic::cuda
