#include "simulator/wires.hpp"

#include <omp.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>

#include "simulator/call_error.hpp"
#include "simulator/error.hpp"
#include "simulator/wire_conductances.hpp"
#include "simulator/wires_dissection.hpp"

namespace ohmic {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kIdeal = std::numeric_limits<double>::infinity();

/// Of resistances in series.
double conductance_S(double ohm) { return ohm > 0 ? 1 / ohm : kIdeal; }

/// One driven row seen from the columns: currents into the cells are A (V 1 source - v), as the
/// symmetric matrix `coupling` = diag(G) - A (lower half) and the vector `source`.
class DrivenRow {
 public:
  DrivenRow(const WireConductances& wires, Index columns)
      : wires_(wires), inverse_(columns, columns), ratio_(columns), source(columns) {}

  /// Writes diag(G) T^-1 diag(G), lower half, to `coupling`, and sets `source`.
  void solve(const Eigen::Ref<const VectorXd>& G, MatrixXd& coupling) {
    if (wires_.row == kIdeal)
      solve_ideal_wire(G, coupling);
    else
      solve_resistive_wire(G, coupling);
  }

 private:
  void solve_ideal_wire(const Eigen::Ref<const VectorXd>& G, MatrixXd& coupling) {
    if (wires_.driver == kIdeal) {
      coupling.setZero();
      source = G;
      return;
    }
    const double drivers = wires_.drives_both_ends ? 2 * wires_.driver : wires_.driver;
    const double total = drivers + G.sum();
    coupling.triangularView<Eigen::Lower>() = G * G.transpose() / total;
    source = G * (drivers / total);
  }

  /// T = L D L^T with positive multipliers: its inverse is built without cancellation, each column
  /// from the one to its right.
  void solve_resistive_wire(const Eigen::Ref<const VectorXd>& G, MatrixXd& coupling) {
    const Index n = G.size();
    const double wire = wires_.row, first = wires_.first;
    const bool both = wires_.drives_both_ends;
    double pivot = 0;
    for (Index j = 0; j < n; ++j) {
      const double left = j == 0 ? first : wire;
      const double right = j + 1 < n ? wire : both ? first : 0.0;
      pivot = G[j] + left + right - (j == 0 ? 0.0 : wire * ratio_[j - 1]);
      ratio_[j] = wire / pivot;
    }
    for (Index j = n - 1; j >= 0; --j) {
      const Index below = n - 1 - j;
      if (below > 0) inverse_.col(j).tail(below) = ratio_[j] * inverse_.col(j + 1).tail(below);
      inverse_(j, j) = ratio_[j] / wire + (below > 0 ? ratio_[j] * inverse_(j + 1, j) : 0.0);
      coupling.col(j).tail(below + 1) =
          G[j] * G.tail(below + 1).cwiseProduct(inverse_.col(j).tail(below + 1));
    }
    source = first * G.cwiseProduct(inverse_.col(0));
    if (both) source += first * G.cwiseProduct(inverse_.row(n - 1).transpose());
  }

  WireConductances wires_;
  MatrixXd inverse_;
  VectorXd ratio_;

 public:
  VectorXd source;
};

/// Column wires without resistance: one node per column.
MatrixXd solve_ideal_columns(const MatrixXd& G, const WireConductances& wires) {
  const Index n = G.rows(), m = G.cols();
  DrivenRow row(wires, n);
  MatrixXd sum = MatrixXd::Zero(n, n), coupling(n, n), R(n, m);
  for (Index i = 0; i < m; ++i) {
    row.solve(G.col(i), coupling);
    R.col(i) = row.source;
    sum.triangularView<Eigen::Lower>() -= coupling;
    sum.diagonal() += G.col(i);
  }
  if (wires.sense == kIdeal) return R;
  sum.diagonal().array() += wires.sense;
  invert(sum);
  return wires.sense * sum * R;
}

/// Row wires without resistance: by reciprocity those columns of the array turned round, driven
/// from their sense amplifiers.
MatrixXd solve_ideal_rows(const MatrixXd& G, const WireConductances& wires) {
  const double drivers = wires.drives_both_ends ? 2 * wires.driver : wires.driver;
  const WireConductances turned{wires.column, wires.sense, wires.last, kIdeal,
                                drivers,      drivers,     false};
  const MatrixXd from_below = G.rowwise().reverse().transpose();
  return solve_ideal_columns(from_below, turned).colwise().reverse().transpose();
}

MatrixXd solve(const MatrixXd& G, const WireConductances& wires, int threads) {
  if (wires.column == kIdeal) return solve_ideal_columns(G, wires);
  if (wires.row == kIdeal) return solve_ideal_rows(G, wires);
  return dissected_effective_S(G, wires, threads);
}

}  // namespace

WireConductances wire_conductances(const Wires& wires) {
  return {conductance_S(wires.row_ohm),
          conductance_S(wires.driver_ohm),
          conductance_S(wires.row_ohm + wires.driver_ohm),
          conductance_S(wires.column_ohm),
          conductance_S(wires.sense_ohm),
          conductance_S(wires.column_ohm + wires.sense_ohm),
          wires.drive == RowDrive::both};
}

void check_wired(std::span<const double> wired_S) {
  if (!std::all_of(wired_S.begin(), wired_S.end(), [](double G) { return std::isfinite(G); }))
    refuse_unsolved_wires();
}

void refuse_unsolved_wires() {
  throw UnsupportedError(
      "wires: the circuit of a tile is singular because conductances are negative; "
      "device.clip = \"positive\" keeps them physical");
}

void wired_effective_S(int rows, int columns, std::span<const double> G_S, const Wires& wires,
                       std::span<double> out_S, int threads) {
  require_call(rows > 0 && columns > 0 && std::ssize(G_S) == std::ptrdiff_t{rows} * columns &&
                   G_S.size() == out_S.size(),
               "wired_effective_S: needs rows x columns conductances, and as many to write");
  const MatrixXd G = Eigen::Map<const MatrixXd>(G_S.data(), rows, columns).transpose();
  const MatrixXd W = solve(G, wire_conductances(wires), threads);
  check_wired({W.data(), static_cast<std::size_t>(W.size())});
  Eigen::Map<MatrixXd>(out_S.data(), rows, columns) = W.transpose();
}

void apply_wires(int K, int N, TileShape tile, const Wires& wires, std::span<double> G_S) {
  require_call(std::ssize(G_S) == std::ptrdiff_t{K} * N, "apply_wires: needs K x N conductances");
  Eigen::Map<MatrixXd> G(G_S.data(), K, N);
  const int row_tiles = tile.row_tiles(K), column_tiles = tile.column_tiles(N);
  const int height = tile.within(K, N).rows, width = tile.within(K, N).columns;
  const int tiles = row_tiles * column_tiles, threads = omp_get_max_threads();
  const bool spread = tiles >= threads;
  std::exception_ptr error;
#pragma omp parallel for schedule(dynamic) if (spread)
  for (int t = 0; t < tiles; ++t) {
    try {
      const int top = t / column_tiles * height, left = t % column_tiles * width;
      const int rows = std::min(height, K - top), columns = std::min(width, N - left);
      MatrixXd cells = G.block(top, left, rows, columns);
      const std::span<double> view(cells.data(), static_cast<std::size_t>(cells.size()));
      wired_effective_S(rows, columns, view, wires, view, spread ? 1 : threads);
      G.block(top, left, rows, columns) = cells;
    } catch (...) {
#pragma omp critical
      error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace ohmic
