// A block's product on tensor cores: inputs rounded to bf16, weights as the sum of one or two bf16
// numbers, float sums (mma.sync m16n8k16, compute capability 8.0 and later).
//
// Each warp computes 32 lanes x kOwnPixels x kOwnColumns outputs as mma tiles of 16 x 8. Lane l
// has, in mma's terms, rows l/4 and l/4 + 8 and columns 2 (l%4) and 2 (l%4) + 1 of each; which
// pixel stands in a row and which column in a column is free, and chosen so that a lane owns
// neighbouring pixels and groups of four columns, 16 apart: whole Philox blocks of noise.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/backends/cuda/block.hpp"
#include "simulator/bf16.hpp"
#include "simulator/host_device.hpp"

namespace ohmic::cuda {

/// One lane's part of a 16 x 16 tile of inputs and of a 16 x 8 tile of weights, two numbers a
/// register, as PTX says for m16n8k16.
struct FragmentA {
  std::uint32_t registers[4];
};
struct FragmentB {
  std::uint32_t registers[2];
};

#ifdef __CUDACC__
/// d += A B.
__device__ inline void mma_bf16(float (&d)[4], const FragmentA& a, const FragmentB& b) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
      "{%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a.registers[0]), "r"(a.registers[1]), "r"(a.registers[2]), "r"(a.registers[3]),
        "r"(b.registers[0]), "r"(b.registers[1]));
}
#endif

template <int kThreads_, int kOwnPixels_, int kOwnColumns_, int kParts, bool kReads_>
struct Bf16Tile {
  static constexpr int kThreads = kThreads_, kOwnPixels = kOwnPixels_, kOwnColumns = kOwnColumns_;
  static constexpr bool kIsBf16 = true;
  static constexpr bool kReads = kReads_;
  static constexpr int kWarpPixels = 8 * kOwnPixels;
  static constexpr int kPixels = kThreads / 32 * kWarpPixels, kColumns = 4 * kOwnColumns;
  static constexpr int kClasses = 4;
  static_assert(kOwnPixels % 2 == 0 && kOwnColumns % 4 == 0);

  OHMIC_HOST_DEVICE static int pixel(int id, int i) {
    return id / 32 * kWarpPixels + id % 32 / 4 * kOwnPixels + i;
  }
  OHMIC_HOST_DEVICE static int column(int id, int j) {
    return 4 * (id % 4) + j % 4 + kLane * (j / 4);
  }

  /// Row of the operands that holds a pixel: mma row i % 2 * 8 + lane / 4 of tile i / 2.
  OHMIC_HOST_DEVICE static int row_of_pixel(int pixel) {
    const int in_warp = pixel % kWarpPixels;
    return pixel - in_warp + in_warp % kOwnPixels * 8 + in_warp / kOwnPixels;
  }
  /// Row of the operands that holds a column: mma column 2 q + b of tile 2 a + t, where the column
  /// is 16 a + 4 q + 2 t + b.
  OHMIC_HOST_DEVICE static int row_of_column(int n) {
    return n / kLane * kLane + n % 4 / 2 * 8 + n % kLane / 4 * 2 + n % 2;
  }

  /// One step of kDepth rows, k fastest, in pairs; the filling spreads rows over shared memory's
  /// banks.
  struct Operands {
    static constexpr int kPitch = kDepth + 8;
    alignas(4) Bf16 x[kPixels][kPitch];
    alignas(4) Bf16 squares[kReads ? kPixels : 1][kPitch];
    alignas(4) Bf16 weight[kParts][kColumns][kPitch];
    alignas(4) Bf16 variance[kReads ? kColumns : 1][kPitch];

    OHMIC_HOST_DEVICE void set_input(int pixel, int k, float value) {
      const Bf16 rounded = bf16_of(value);
      x[row_of_pixel(pixel)][k] = rounded;
      if constexpr (kReads)
        squares[row_of_pixel(pixel)][k] = bf16_of(float_of(rounded) * float_of(rounded));
    }
    OHMIC_HOST_DEVICE void set_weight(int k, int n, float value) {
      for (int part = 0; part < kParts; ++part) {
        const Bf16 rounded = bf16_of(value);
        weight[part][row_of_column(n)][k] = rounded;
        value -= float_of(rounded);
      }
    }
    OHMIC_HOST_DEVICE void set_variance(int k, int n, float value) {
      variance[row_of_column(n)][k] = bf16_of(value);
    }
  };

  /// Adds thread `id`'s products of one step to its sums, and to their variances.
  using Values = float[kOwnPixels][kOwnColumns];
  OHMIC_HOST_DEVICE static void multiply(const Operands& o, int id, Values& v, Values& variance) {
    OHMIC_UNROLL
    for (int part = 0; part < kParts; ++part) add_products(o.x, o.weight[part], id, v);
    if constexpr (kReads) add_products(o.squares, o.variance, id, variance);
  }

  /// Registers of thread `id` for rows 16 tile ... of its warp's pixels.
  using Panel = Bf16[Operands::kPitch];
  OHMIC_HOST_DEVICE static FragmentA fragment_of_x(const Panel* x, int id, int tile) {
    const Panel* upper = x + id / 32 * kWarpPixels + tile * 16 + id % 32 / 4;
    const int k = id % 4 * 2;
    return {{pair(upper[0], k), pair(upper[8], k), pair(upper[0], k + 8), pair(upper[8], k + 8)}};
  }
  /// The same for columns 8 n ... of the operands.
  OHMIC_HOST_DEVICE static FragmentB fragment_of_weights(const Panel* w, int id, int n) {
    const Panel& column = w[n * 8 + id % 32 / 4];
    const int k = id % 4 * 2;
    return {{pair(column, k), pair(column, k + 8)}};
  }

 private:
  OHMIC_HOST_DEVICE static void add_products(const Panel* x, const Panel* w, int id, Values& sums) {
#ifdef __CUDA_ARCH__
    multiply_by_warp(x, w, id, sums);
#else
    for (int i = 0; i < kOwnPixels; ++i)
      for (int j = 0; j < kOwnColumns; ++j)
        for (int k = 0; k < kDepth; ++k)
          sums[i][j] = std::fma(float_of(x[row_of_pixel(pixel(id, i))][k]),
                                float_of(w[row_of_column(column(id, j))][k]), sums[i][j]);
#endif
  }

  OHMIC_HOST_DEVICE static std::uint32_t pair(const Panel& row, int k) {
    std::uint32_t both;
    std::memcpy(&both, __builtin_assume_aligned(row + k, sizeof both), sizeof both);
    return both;
  }

#ifdef __CUDACC__
  __device__ static void multiply_by_warp(const Panel* x, const Panel* w, int id, Values& sums) {
    OHMIC_UNROLL
    for (int tile = 0; tile < kOwnPixels / 2; ++tile) {
      const FragmentA a = fragment_of_x(x, id, tile);
      OHMIC_UNROLL
      for (int n = 0; n < kOwnColumns / 2; ++n) {
        float(&upper)[kOwnColumns] = sums[2 * tile];
        float(&lower)[kOwnColumns] = sums[2 * tile + 1];
        float d[4] = {upper[2 * n], upper[2 * n + 1], lower[2 * n], lower[2 * n + 1]};
        mma_bf16(d, a, fragment_of_weights(w, id, n));
        upper[2 * n] = d[0], upper[2 * n + 1] = d[1];
        lower[2 * n] = d[2], lower[2 * n + 1] = d[3];
      }
    }
  }
#endif
};

}  // namespace ohmic::cuda
