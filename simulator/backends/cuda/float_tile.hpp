// A block's product in single precision: every thread owns a few pixels and columns.
#pragma once

#include <cmath>
#include <cstdint>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/backends/cuda/block.hpp"
#include "simulator/host_device.hpp"

namespace ohmic::cuda {

/// kThreads / 16 x 16 threads, each with kOwnPixels neighbouring pixels and kOwnColumns columns 16
/// apart: of a layer with 16, 32 or 64 columns it then owns whole Philox blocks of noise.
template <int kThreads_, int kOwnPixels_, int kOwnColumns_, bool kReads_>
struct FloatTile {
  static constexpr int kThreads = kThreads_, kOwnPixels = kOwnPixels_, kOwnColumns = kOwnColumns_;
  static constexpr bool kIsBf16 = false;
  static constexpr bool kReads = kReads_;  ///< whether variances are computed
  static constexpr int kPixels = kThreads / kLane * kOwnPixels, kColumns = kLane * kOwnColumns;
  static constexpr int kClasses = 1;  ///< of own columns that share no block of noise

  OHMIC_HOST_DEVICE static int pixel(int id, int i) { return id / kLane * kOwnPixels + i; }
  OHMIC_HOST_DEVICE static int column(int id, int j) { return id % kLane + kLane * j; }

  /// One step of kDepth rows.
  struct Operands {
    float x[kPixels][kDepth + 1];
    float weight[kDepth][kColumns];
    float variance[kReads ? kDepth : 1][kColumns];

    OHMIC_HOST_DEVICE void set_input(int pixel, int k, float value) { x[pixel][k] = value; }
    OHMIC_HOST_DEVICE void set_weight(int k, int n, float value) { weight[k][n] = value; }
    OHMIC_HOST_DEVICE void set_variance(int k, int n, float value) { variance[k][n] = value; }
  };

  /// Adds thread `id`'s products of one step to its sums, and to their variances.
  using Values = float[kOwnPixels][kOwnColumns];
  OHMIC_HOST_DEVICE static void multiply(const Operands& o, int id, Values& v, Values& variance) {
    OHMIC_UNROLL
    for (int k = 0; k < kDepth; ++k) {
      float x[kOwnPixels];
      OHMIC_UNROLL
      for (int i = 0; i < kOwnPixels; ++i) x[i] = o.x[pixel(id, i)][k];
      OHMIC_UNROLL
      for (int j = 0; j < kOwnColumns; ++j) {
        const float w = o.weight[k][column(id, j)];
        OHMIC_UNROLL
        for (int i = 0; i < kOwnPixels; ++i) v[i][j] = std::fma(x[i], w, v[i][j]);
      }
      if constexpr (kReads) OHMIC_UNROLL
      for (int j = 0; j < kOwnColumns; ++j) {
        const float s = o.variance[k][column(id, j)];
        OHMIC_UNROLL
        for (int i = 0; i < kOwnPixels; ++i)
          variance[i][j] = std::fma(x[i] * x[i], s, variance[i][j]);
      }
    }
  }
};

}  // namespace ohmic::cuda
