// Which block computes a layer, and how many of them.
#pragma once

#include <type_traits>

#include "simulator/backends/cuda/bf16_tile.hpp"
#include "simulator/backends/cuda/float_tile.hpp"
#include "simulator/backends/cuda/tile_kernel.hpp"

namespace ohmic::cuda {

template <int kParts, bool kReads, class Launch>
void with_bf16_tile(int columns, const Launch& launch) {
  using std::type_identity;
  if (columns <= kLane) return launch(type_identity<Bf16Tile<128, 8, 4, kParts, kReads>>{});
  if (columns <= 2 * kLane) return launch(type_identity<Bf16Tile<128, 4, 8, kParts, kReads>>{});
  launch(type_identity<Bf16Tile<128, 2, 16, kParts, kReads>>{});
}

template <bool kReads, class Launch>
void with_tile(const TileArguments& a, const Launch& launch) {
  using std::type_identity;
  const int columns = a.columns / a.groups;
  if (a.bf16_parts == 1) return with_bf16_tile<1, kReads>(columns, launch);
  if (a.bf16_parts == 2) return with_bf16_tile<2, kReads>(columns, launch);
  if (columns <= kLane) return launch(type_identity<FloatTile<256, 8, 1, kReads>>{});
  if (columns <= 2 * kLane) return launch(type_identity<FloatTile<256, 8, 2, kReads>>{});
  launch(type_identity<FloatTile<256, 4, 4, kReads>>{});
}

/// Calls launch(std::type_identity<Tile>{}) with the block that fits the columns of a group.
template <class Launch>
void with_tile(const TileArguments& a, const Launch& launch) {
  if (a.variances) return with_tile<true>(a, launch);
  with_tile<false>(a, launch);
}

struct Grid {
  int x, y, z;
};
template <class Tile>
Grid grid_of(const TileArguments& a) {
  return {(a.pixels + Tile::kPixels - 1) / Tile::kPixels,
          a.groups * ((a.columns / a.groups + Tile::kColumns - 1) / Tile::kColumns), a.draws};
}

/// Starts a layer on the current GPU (tile_kernels.cu); cudaGetLastError says whether it could.
void start_tile_kernel(const TileArguments&);

/// One input.
OHMIC_HOST_DEVICE void convert_input(const ConvertArguments& a, std::int64_t i,
                                     std::uint32_t& clipped) {
  const float scaled = a.x[i] * a.codes_per_x;
  clipped += saturates(scaled, a.lowest, a.highest) ? 1u : 0u;
  a.codes[i] = quantize(scaled, a.lowest, a.highest);
}

}  // namespace ohmic::cuda
