// The kernel of wires: a block finds the effective conductances of one tile of one of many
// matrices (simulator/wires.hpp), row by row, in double precision. With v_i the column voltages at
// row i, eliminating the row voltages leaves a symmetric block tridiagonal system in v_i that is
// eliminated from the top:
//
//   T_i tridiagonal of the driven row; S_i = diag(G_i) + diag(c_i) - diag(G_i) T_i^-1 diag(G_i)
//   b_i = diag(G_i) T_i^-1 (source);   M_0 = S_0, M_i = S_i - g_b^2 M_(i-1)^-1
//   R_i = [g_b M_(i-1)^-1 R_(i-1), b_i];   W^T = g_s M_(m-1)^-1 R_(m-1)
//
// with g_b = 1/column_ohm, g_s the last segment in series with the sense amplifier, c_i the column
// conductances that meet at row i. O(m n^3) for m x n cells, all threads of a block busy in each
// step.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

#include "simulator/backends/cuda/block.hpp"
#include "simulator/host_device.hpp"
#include "simulator/wire_conductances.hpp"

namespace ohmic::cuda {

/// A matrix of cells cut into tiles, each of which is replaced by what its wires make of it.
struct WiredMatrix {
  std::int32_t K, N;
  std::int32_t tile_rows, tile_columns;  ///< of a whole tile
  std::int32_t row_tiles, column_tiles;
  std::int32_t first_tile;  ///< tiles of the matrices before
  std::int64_t first_work;  ///< numbers that they are worked on with
  double* G_S;              ///< K x N, element (k, n) at n*K + k
};

/// All tiles of some matrices, on wires of one kind.
struct WiresArguments {
  const WiredMatrix* matrices;
  std::int32_t matrix_count, tiles;
  WireConductances wires;
  double* work;
};

/// Numbers that a tile is worked on with.
OHMIC_HOST_DEVICE std::int64_t wires_work(std::int64_t rows, std::int64_t columns) {
  return 2 * columns * (columns + rows) + 6 * columns;
}

/// The matrix that a tile belongs to.
OHMIC_HOST_DEVICE const WiredMatrix& matrix_of(const WiresArguments& a, int tile) {
  int i = a.matrix_count - 1;
  while (a.matrices[i].first_tile > tile) --i;
  return a.matrices[i];
}

constexpr int kWiresThreads = 256;
struct WiresThread {
  int id = 0;
};
struct NoSums {};
struct NoShared {};

/// One tile of `m` rows and `n` columns. Matrices are n high, so that neighbouring threads have
/// neighbouring numbers: n x n for pairs of columns, n x m for columns seen from rows.
template <class Block>
class WiredTile {
 public:
  OHMIC_HOST_DEVICE WiredTile(const WiresArguments& a, Block& block)
      : wires_(a.wires), block_(block) {
    const WiredMatrix& matrix = matrix_of(a, block.x());
    const int tile = block.x() - matrix.first_tile;
    const int top = tile / matrix.column_tiles * matrix.tile_rows;
    const int left = tile % matrix.column_tiles * matrix.tile_columns;
    m_ = matrix.K - top < matrix.tile_rows ? matrix.K - top : matrix.tile_rows;
    n_ = matrix.N - left < matrix.tile_columns ? matrix.N - left : matrix.tile_columns;
    K_ = matrix.K;
    cells_ = matrix.G_S + std::int64_t{left} * matrix.K + top;
    const std::int64_t n = n_;
    inverse_ =
        a.work + matrix.first_work + tile * wires_work(matrix.tile_rows, matrix.tile_columns);
    next_ = inverse_ + n * n;
    R_ = next_ + n * n;
    carried_ = R_ + n * m_;
    ratio_ = carried_ + n * m_;
    diagonal_ = ratio_ + n;
    source_ = diagonal_ + n;
    far_source_ = source_ + n;
    pivot_column_ = far_source_ + n;
    pivot_row_ = pivot_column_ + n;
  }

  OHMIC_HOST_DEVICE void solve() {
    for (int i = 0; i < m_; ++i) {
      drive_row(i);
      if (is_ideal(wires_.column)) continue;
      invert();
      carry(i + 1, i + 1 < m_ ? wires_.column : wires_.last);
    }
    if (is_ideal(wires_.column) && !is_ideal(wires_.sense)) {
      invert();
      carry(m_, wires_.sense);
    }
    each(std::int64_t{n_} * m_, [&](std::int64_t e) { cell(e / n_, e % n_) = R_[e]; });
  }

 private:
  /// f(0), ..., f(count - 1), spread over the threads.
  template <class F>
  OHMIC_HOST_DEVICE void each(std::int64_t count, const F& f) {
    block_.each([&](WiresThread& t, NoSums&) {
      for (std::int64_t i = t.id; i < count; i += kWiresThreads) f(i);
    });
  }

  static OHMIC_HOST_DEVICE bool is_ideal(double wire_S) {
    return wire_S == std::numeric_limits<double>::infinity();
  }

  OHMIC_HOST_DEVICE double& cell(std::int64_t i, std::int64_t j) const {
    return cells_[j * K_ + i];
  }

  /// Writes M_i, of which only S_i is added where columns are one node each; and b_i to column i
  /// of R.
  OHMIC_HOST_DEVICE void drive_row(int i) {
    if (is_ideal(wires_.row))
      drive_ideal_wire(i);
    else
      drive_resistive_wire(i);
    each(n_, [&](std::int64_t k) { R_[std::int64_t{i} * n_ + k] = source_[k] + far_source_[k]; });
  }

  /// Sets elements (k, j) and (j, k), k >= j, given what the row's wire couples the columns by.
  OHMIC_HOST_DEVICE void set_pair(int i, std::int64_t k, std::int64_t j, double coupling) {
    double before = 0.0, own = 0.0;
    if (i > 0)
      before = is_ideal(wires_.column) ? next_[j * n_ + k]
                                       : -wires_.column * wires_.column * inverse_[j * n_ + k];
    if (k == j) own = cell(i, k) + column_wires(i);
    next_[j * n_ + k] = next_[k * n_ + j] = before - coupling + own;
  }

  /// What joins a column's node at row i to its neighbours.
  OHMIC_HOST_DEVICE double column_wires(int i) const {
    if (is_ideal(wires_.column)) return i + 1 == m_ && !is_ideal(wires_.sense) ? wires_.sense : 0.0;
    return (i == 0 ? 0.0 : wires_.column) + (i + 1 < m_ ? wires_.column : wires_.last);
  }

  OHMIC_HOST_DEVICE void drive_ideal_wire(int i) {
    const bool ideal_driver = is_ideal(wires_.driver);
    const double drivers = wires_.drives_both_ends ? 2 * wires_.driver : wires_.driver;
    each(1, [&](std::int64_t) {
      double total = drivers;
      for (int j = 0; j < n_; ++j) total += cell(i, j);
      ratio_[0] = total;
    });
    each(n_, [&](std::int64_t k) {
      const double G = cell(i, k);
      source_[k] = ideal_driver ? G : G * (drivers / ratio_[0]);
      far_source_[k] = 0.0;
      for (std::int64_t j = 0; j <= k; ++j)
        set_pair(i, k, j, ideal_driver ? 0.0 : G * cell(i, j) / ratio_[0]);
    });
  }

  /// T = L D L^T; element (k, j) of its inverse is that to the right of it times a ratio.
  OHMIC_HOST_DEVICE void drive_resistive_wire(int i) {
    each(1, [&](std::int64_t) {
      for (int j = 0; j < n_; ++j) {
        const double left = j == 0 ? wires_.first : wires_.row;
        const double right = j + 1 < n_ ? wires_.row : wires_.drives_both_ends ? wires_.first : 0.0;
        const double pivot =
            cell(i, j) + left + right - (j == 0 ? 0.0 : wires_.row * ratio_[j - 1]);
        ratio_[j] = wires_.row / pivot;
      }
      for (int j = n_ - 1; j >= 0; --j)
        diagonal_[j] = ratio_[j] / wires_.row +
                       (j + 1 < n_ ? ratio_[j] * (ratio_[j] * diagonal_[j + 1]) : 0.0);
    });
    each(n_, [&](std::int64_t k) {
      const double G = cell(i, k);
      double inverse = diagonal_[k];
      for (std::int64_t j = k; j >= 0; --j) {
        if (j < k) inverse *= ratio_[j];
        set_pair(i, k, j, G * cell(i, j) * inverse);
        if (k + 1 == n_)
          far_source_[j] = wires_.drives_both_ends ? wires_.first * (cell(i, j) * inverse) : 0.0;
      }
      source_[k] = wires_.first * (G * inverse);
    });
  }

  /// inverse_ = next_^-1, by Gauss-Jordan without pivoting, which a positive definite matrix does
  /// not need.
  OHMIC_HOST_DEVICE void invert() {
    for (int p = 0; p < n_; ++p) {
      each(n_, [&](std::int64_t k) {
        pivot_column_[k] = next_[std::int64_t{p} * n_ + k] - (k == p ? 1.0 : 0.0);
        pivot_row_[k] = (k == p ? 1.0 : next_[k * n_ + p]) / next_[std::int64_t{p} * n_ + p];
      });
      each(std::int64_t{n_} * n_, [&](std::int64_t e) {
        const std::int64_t k = e % n_, j = e / n_;
        const double value = j != p ? next_[e] : k == p ? 1.0 : 0.0;
        next_[e] = value - pivot_column_[k] * pivot_row_[j];
      });
    }
    std::swap(inverse_, next_);
  }

  /// R = g M^-1 R, its first `columns` columns.
  OHMIC_HOST_DEVICE void carry(int columns, double g) {
    each(std::int64_t{n_} * columns, [&](std::int64_t e) {
      const std::int64_t k = e % n_;
      const double* from = R_ + (e - k);
      double sum = 0.0;
      for (std::int64_t j = 0; j < n_; ++j) sum += inverse_[j * n_ + k] * from[j];
      carried_[e] = g * sum;
    });
    std::swap(R_, carried_);
  }

  const WireConductances& wires_;
  Block& block_;
  int m_, n_;
  std::int32_t K_;  // of the matrix
  double* cells_;
  double *inverse_, *next_;                                                         // n x n
  double *R_, *carried_;                                                            // n x m
  double *ratio_, *diagonal_, *source_, *far_source_, *pivot_column_, *pivot_row_;  // n
};

}  // namespace ohmic::cuda
