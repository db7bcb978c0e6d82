// The exact effective matrix of a wired tile against a sparse nodal solution of the same circuit,
// against series and parallel resistances worked by hand, and against laws of linear circuits.
#include "simulator/wires.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <vector>
#ifdef __linux__
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <new>
#endif

#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"
#include "simulator/wires_dissection.hpp"
#include "tests/choices.hpp"

namespace ohmic {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

MatrixXd random_conductances(int rows, int columns, double low_S, double high_S) {
  std::vector<float> u(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  fill_uniforms(noise_key(7, 0), {Stream::programming}, 0, u);
  const Eigen::Map<Eigen::MatrixXf> uniform(u.data(), rows, columns);
  return (low_S + (high_S - low_S) * uniform.cast<double>().array()).matrix();
}

MatrixXd effective(MatrixXd G, const Wires& wires, int threads = 1) {
  const std::span<double> view(G.data(), static_cast<std::size_t>(G.size()));
  wired_effective_S(static_cast<int>(G.rows()), static_cast<int>(G.cols()), view, wires, view,
                    threads);
  return G;
}

double largest_relative_difference(const MatrixXd& A, const MatrixXd& B) {
  return ((A - B).cwiseAbs().array() / B.cwiseAbs().array()).maxCoeff();
}

/// Kirchhoff's current law at both nodes of every cell, solved for each driven row. Row nodes come
/// first; needs resistive wires on both sides.
class NodalSolution {
 public:
  NodalSolution(const MatrixXd& G, const Wires& w) : G_(G), w_(w), m_(G.rows()), n_(G.cols()) {}

  MatrixXd effective() {
    for (Index i = 0; i < m_; ++i)
      for (Index j = 0; j < n_; ++j) add_cell(i, j);
    const Index nodes = 2 * m_ * n_;
    Eigen::SparseMatrix<double> A(nodes, nodes);
    A.setFromTriplets(entries_.begin(), entries_.end());
    const Eigen::SparseLU<Eigen::SparseMatrix<double>> solver(A);
    MatrixXd W(m_, n_);
    for (Index i = 0; i < m_; ++i) {
      Eigen::VectorXd source = Eigen::VectorXd::Zero(nodes);
      source[row_node(i, 0)] += driven_end();
      if (w_.drive == RowDrive::both) source[row_node(i, n_ - 1)] += driven_end();
      const Eigen::VectorXd V = solver.solve(source);
      for (Index j = 0; j < n_; ++j) W(i, j) = V[column_node(m_ - 1, j)] * sensed_end();
    }
    return W;
  }

 private:
  Index row_node(Index i, Index j) const { return i * n_ + j; }
  Index column_node(Index i, Index j) const { return m_ * n_ + i * n_ + j; }
  double driven_end() const { return 1 / (w_.row_ohm + w_.driver_ohm); }
  double sensed_end() const { return 1 / (w_.column_ohm + w_.sense_ohm); }

  void to_fixed_voltage(Index a, double g) { entries_.emplace_back(a, a, g); }
  void between(Index a, Index b, double g) {
    to_fixed_voltage(a, g);
    to_fixed_voltage(b, g);
    entries_.emplace_back(a, b, -g);
    entries_.emplace_back(b, a, -g);
  }
  void add_cell(Index i, Index j) {
    between(row_node(i, j), column_node(i, j), G_(i, j));
    if (j + 1 < n_) between(row_node(i, j), row_node(i, j + 1), 1 / w_.row_ohm);
    if (i + 1 < m_) between(column_node(i, j), column_node(i + 1, j), 1 / w_.column_ohm);
    if (j == 0) to_fixed_voltage(row_node(i, j), driven_end());
    if (j + 1 == n_ && w_.drive == RowDrive::both) to_fixed_voltage(row_node(i, j), driven_end());
    if (i + 1 == m_) to_fixed_voltage(column_node(i, j), sensed_end());
  }

  MatrixXd G_;
  Wires w_;
  Index m_, n_;
  std::vector<Eigen::Triplet<double>> entries_;
};

struct Circuit {
  int rows, columns;
  Wires wires;
};

class WiredTile : public testing::TestWithParam<Circuit> {};

TEST_P(WiredTile, MatchesSparseNodalSolution) {
  const auto& [rows, columns, wires] = GetParam();
  const MatrixXd G = random_conductances(rows, columns, 1e-6, 100e-6);
  EXPECT_LT(largest_relative_difference(effective(G, wires), NodalSolution(G, wires).effective()),
            1e-10);
}

TEST_P(WiredTile, IsReciprocal) {
  // Exchanging drivers and sense amplifiers turns the array over its antidiagonal.
  auto [rows, columns, wires] = GetParam();
  wires.drive = RowDrive::left;  // columns are sensed at one end only
  const MatrixXd G = random_conductances(rows, columns, 1e-6, 100e-6);
  const MatrixXd W = effective(G, wires);
  std::swap(wires.row_ohm, wires.column_ohm);
  std::swap(wires.driver_ohm, wires.sense_ohm);
  const MatrixXd turned = effective(G.transpose().reverse(), wires);
  EXPECT_LT(largest_relative_difference(turned, W.transpose().reverse()), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Sizes, WiredTile,
                         testing::Values(Circuit{1, 1, {1.0, 2.0, 3.0, 4.0, RowDrive::left}},
                                         Circuit{1, 9, {1.0, 1.0, 0.0, 0.0, RowDrive::left}},
                                         Circuit{9, 1, {1.0, 1.0, 0.0, 5.0, RowDrive::both}},
                                         Circuit{2, 3, {10.0, 0.1, 50.0, 0.0, RowDrive::both}},
                                         Circuit{31, 33, {1.0, 1.0, 0.0, 0.0, RowDrive::left}},
                                         Circuit{33, 31, {1.0, 2.0, 100.0, 10.0, RowDrive::left}},
                                         Circuit{17, 65, {1e3, 0.1, 0.0, 100.0, RowDrive::both}},
                                         Circuit{65, 49, {0.1, 1e3, 100.0, 0.0, RowDrive::left}}));

// Cells over four decades, and no two resistances alike.
TEST(Wires, RandomArraysMatchTheNodalSolution) {
  test::for_all(43, 150, [](test::Choices& c) {
    MatrixXd G(c.whole(1, 20), c.whole(1, 20));
    for (Index j = 0; j < G.cols(); ++j)
      for (Index i = 0; i < G.rows(); ++i) G(i, j) = c.decades(1e-8, 1e-4);
    const Wires wires{c.decades(1e-2, 1e3), c.decades(1e-2, 1e3),
                      c.toss() ? c.decades(1e-1, 1e3) : 0.0, c.toss() ? c.decades(1e-1, 1e3) : 0.0,
                      c.toss() ? RowDrive::both : RowDrive::left};
    EXPECT_LT(largest_relative_difference(effective(G, wires), NodalSolution(G, wires).effective()),
              1e-9);
  });
}

TEST(Wires, OneCellIsResistancesInSeries) {
  const MatrixXd G = MatrixXd::Constant(1, 1, 1 / 1000.0);
  EXPECT_DOUBLE_EQ(effective(G, {1, 2, 30, 400, RowDrive::left})(0, 0), 1 / 1433.0);
  EXPECT_DOUBLE_EQ(effective(G, {1, 2, 31, 400, RowDrive::both})(0, 0), 1 / 1418.0);
  EXPECT_DOUBLE_EQ(effective(G, {0, 0, 30, 400, RowDrive::left})(0, 0), 1 / 1430.0);
  EXPECT_DOUBLE_EQ(effective(G, {0, 2, 31, 0, RowDrive::both})(0, 0), 1 / 1017.5);
}

TEST(Wires, NoResistanceLeavesConductancesAsTheyAre) {
  const MatrixXd G = random_conductances(13, 7, 0, 25e-6);
  for (const RowDrive drive : {RowDrive::left, RowDrive::both})
    EXPECT_EQ(effective(G, {0, 0, 0, 0, drive}), G);
}

TEST(Wires, ZeroResistanceIsTheLimitOfSmallResistance) {
  const MatrixXd G = random_conductances(12, 19, 1e-6, 100e-6);
  for (const RowDrive drive : {RowDrive::left, RowDrive::both}) {
    for (const Wires& w :
         {Wires{0, 2, 0, 3, drive}, Wires{0, 2, 40, 0, drive}, Wires{5, 0, 0, 70, drive},
          Wires{5, 0, 60, 0, drive}, Wires{0, 0, 10, 20, drive}}) {
      Wires nearly = w;
      if (nearly.row_ohm == 0) nearly.row_ohm = 1e-4;
      if (nearly.column_ohm == 0) nearly.column_ohm = 1e-4;
      EXPECT_LT(largest_relative_difference(effective(G, w), NodalSolution(G, nearly).effective()),
                2e-6);
    }
  }
}

TEST(Wires, DriveFromBothEndsIsMirrorSymmetric) {
  const MatrixXd G = random_conductances(21, 30, 0, 100e-6);
  const Wires wires{3, 2, 50, 10, RowDrive::both};
  EXPECT_LT(largest_relative_difference(effective(G.rowwise().reverse(), wires),
                                        effective(G, wires).rowwise().reverse()),
            1e-11);
}

TEST(Wires, NoBitDependsOnThreads) {
  const MatrixXd G = random_conductances(70, 45, 0, 100e-6);
  const MatrixXd alone = effective(G, Wires{});
  for (const int threads : {2, 3, 5}) EXPECT_EQ(effective(G, Wires{}, threads), alone);
}

TEST(Wires, EveryTileIsACircuitOfItsOwn) {
  const MatrixXd G = random_conductances(23, 11, 0, 100e-6);
  const Wires wires{20, 10, 0, 0, RowDrive::left};
  MatrixXd whole = G;
  apply_wires(23, 11, {10, 4}, wires, {whole.data(), static_cast<std::size_t>(whole.size())});
  for (int top = 0; top < 23; top += 10)
    for (int left = 0; left < 11; left += 4) {
      const int rows = std::min(10, 23 - top), columns = std::min(4, 11 - left);
      EXPECT_EQ(whole.block(top, left, rows, columns),
                effective(G.block(top, left, rows, columns), wires));
    }
  MatrixXd unlimited = G;
  apply_wires(23, 11, {0, 0}, wires, {unlimited.data(), static_cast<std::size_t>(G.size())});
  EXPECT_EQ(unlimited, effective(G, wires));
}

TEST(Wires, SmallNegativeConductancesOfUnclippedNoiseAreSolvedToo) {
  const MatrixXd G = random_conductances(20, 20, -5e-6, 25e-6);
  EXPECT_LT((effective(G, Wires{}) - NodalSolution(G, Wires{}).effective()).cwiseAbs().maxCoeff(),
            1e-10 * 25e-6);
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
TEST(Wires, WithoutMemoryAreAnException) {
  const auto solve = [] {
    std::ifstream pages("/proc/self/statm");
    rlim_t size = 0;
    pages >> size;
    const rlim_t most = size * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (96u << 20);
    const rlimit limit{most, most};
    const Eigen::MatrixXd G = Eigen::MatrixXd::Constant(1024, 1024, 1e-5);
    if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
    try {
      dissected_effective_S(G, wire_conductances({.row_ohm = 1, .column_ohm = 1}), 1);
    } catch (const std::bad_alloc&) {
      std::_Exit(0);
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(solve(), testing::ExitedWithCode(0), "");
}
#endif

TEST(Wires, ASingularCircuitIsRefused) {
  const MatrixXd G = MatrixXd::Constant(1, 1, -0.5);
  EXPECT_THROW(effective(G, {1, 1, 0, 0, RowDrive::left}), UnsupportedError);
  MatrixXd tiles = MatrixXd::Constant(4, 4, -0.5);
  EXPECT_THROW(apply_wires(4, 4, {1, 1}, {1, 1, 0, 0, RowDrive::left}, {tiles.data(), 16}),
               UnsupportedError);
}

}  // namespace
}  // namespace ohmic
