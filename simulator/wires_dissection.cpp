#include "simulator/wires_dissection.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <initializer_list>
#include <vector>

namespace ohmic {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kLeaf = 4;    ///< cells of a side up to which nodes are eliminated one by one
constexpr Index kPanel = 64;  ///< columns of a joint that one thread computes
constexpr Index kMany = 32;   ///< shared ports from which threads help each other

void mirror_lower(Eigen::Ref<MatrixXd> M) {
  for (Index j = 1; j < M.cols(); ++j) M.col(j).head(j) = M.row(j).head(j).transpose();
}

/// Gauss-Jordan without pivoting, which a positive definite matrix does not need.
void invert_small(Eigen::Ref<MatrixXd> M) {
  mirror_lower(M);
  VectorXd column(M.rows());
  for (Index k = 0; k < M.rows(); ++k) {
    const double pivot = M(k, k);
    column = M.col(k);
    column[k] -= 1.0;
    M.col(k).setZero();
    M(k, k) = 1.0;
    for (Index j = 0; j < M.cols(); ++j) M.col(j) -= column * (M(k, j) / pivot);
  }
}

/// Cells [top, bottom) x [left, right) of an array.
struct Cells {
  Index top, bottom, left, right;
  Index rows() const { return bottom - top; }
  Index columns() const { return right - left; }
};

enum Side { kLeft, kRight, kTop, kBottom };

/// Its left and top ports are ends of the wires that lead in, its right and bottom ports nodes of
/// its own last column and row.
struct Part {
  std::array<Index, 4> ports{};  ///< on each side, in the order of Side
  MatrixXd S;                    ///< currents into the ports per volt, siemens

  Index first(Side side) const {
    Index at = 0;
    for (int s = 0; s < side; ++s) at += ports[s];
    return at;
  }
};

/// A side of a part among the ports of two that are joined.
struct Outer {
  const Part* part;
  Side side;
  Side shared;  ///< the side of its part that is eliminated
  Index at;     ///< among the ports of both together

  Index from() const { return part->first(side); }
  Index size() const { return part->ports[side]; }
};

using Joint = std::initializer_list<std::pair<bool, Side>>;  ///< whether it is the second's

/// What was thrown first, of memory that is not there: no exception may leave a task.
class FirstError {
 public:
  template <class Run>
  void guard(const Run& run) noexcept {
    try {
      if (!is_there()) run();
    } catch (...) {
#pragma omp critical(ohmic_first_error)
      if (!error_) error_ = std::current_exception();
    }
  }
  bool is_there() const noexcept {
    bool there = false;
#pragma omp critical(ohmic_first_error)
    there = error_ != nullptr;
    return there;
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

/// Adds nothing to S but what the shared ports, eliminated, take away.
void eliminate_shared(MatrixXd& shared, const MatrixXd& coupling, MatrixXd& S, FirstError& error) {
  invert(shared);
  const Index n = S.rows();
  const auto panel = [&](Index from) {
    const Index width = std::min(kPanel, n - from);
    const MatrixXd V = shared * coupling.middleCols(from, width);
    S.block(from, from, n - from, width).noalias() -= coupling.rightCols(n - from).transpose() * V;
  };
  if (shared.rows() < kMany) {
    for (Index from = 0; from < n; from += kPanel) panel(from);
  } else {
#pragma omp taskloop grainsize(1) default(shared)
    for (Index from = 0; from < n; from += kPanel) error.guard([&] { panel(from); });
  }
  mirror_lower(S);
}

Part joined(const Part& a, Side of_a, const Part& b, Side of_b, Joint sides, FirstError& error) {
  Part whole;
  std::vector<Outer> outer;
  Index n = 0;
  for (const auto& [is_second, side] : sides) {
    outer.push_back({is_second ? &b : &a, side, is_second ? of_b : of_a, n});
    whole.ports[side] += outer.back().size();
    n += outer.back().size();
  }
  const Index k = a.ports[of_a];
  MatrixXd shared =
      a.S.block(a.first(of_a), a.first(of_a), k, k) + b.S.block(b.first(of_b), b.first(of_b), k, k);
  MatrixXd coupling(k, n);
  whole.S = MatrixXd::Zero(n, n);
  for (const Outer& x : outer) {
    coupling.middleCols(x.at, x.size()) =
        x.part->S.block(x.part->first(x.shared), x.from(), k, x.size());
    for (const Outer& y : outer)
      if (x.part == y.part)
        whole.S.block(x.at, y.at, x.size(), y.size()) =
            x.part->S.block(x.from(), y.from(), x.size(), y.size());
  }
  eliminate_shared(shared, coupling, whole.S, error);
  return whole;
}

class Dissection {
 public:
  Dissection(const MatrixXd& G, const WireConductances& wires, FirstError& error)
      : G_(G), wires_(wires), error_(error) {}

  Part solve(const Cells& cells) const {
    if (std::max(cells.rows(), cells.columns()) <= kLeaf) return leaf(cells);
    const bool side_by_side = cells.columns() >= cells.rows();
    Cells one = cells, other = cells;
    if (side_by_side)
      one.right = other.left = middle(cells.left, cells.right);
    else
      one.bottom = other.top = middle(cells.top, cells.bottom);
    Part a, b;
    if (std::min(cells.rows(), cells.columns()) < kMany) {
      a = solve(one);
      b = solve(other);
    } else {
#pragma omp task shared(a) firstprivate(one)
      error_.guard([&] { a = solve(one); });
      error_.guard([&] { b = solve(other); });
#pragma omp taskwait
      if (error_.is_there()) return {};
    }
    if (side_by_side)
      return joined(a, kRight, b, kLeft,
                    {{false, kLeft},
                     {true, kRight},
                     {false, kTop},
                     {true, kTop},
                     {false, kBottom},
                     {true, kBottom}},
                    error_);
    return joined(a, kBottom, b, kTop,
                  {{false, kLeft},
                   {true, kLeft},
                   {false, kRight},
                   {true, kRight},
                   {false, kTop},
                   {true, kBottom}},
                  error_);
  }

 private:
  /// Halves, cut where leaves end.
  static Index middle(Index from, Index to) {
    return from + ((to - from) / 2 + kLeaf - 1) / kLeaf * kLeaf;
  }

  /// A few cells, node by node: those inside come first and are eliminated in turn.
  Part leaf(const Cells& cells) const {
    constexpr int kNodes = 2 * kLeaf * kLeaf + 2 * kLeaf;
    using Nodes = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kNodes, kNodes>;
    const Index m = cells.rows(), n = cells.columns();
    const bool ends = cells.right == G_.rows() && !wires_.drives_both_ends;
    const bool begins = cells.top == 0;
    Part part;
    part.ports = {m, ends ? 0 : m, begins ? 0 : n, n};
    const Index row_nodes = ends ? n : n - 1, inside = m * row_nodes + (m - 1) * n;
    const Index left = inside, right = left + m, top = right + part.ports[kRight];
    const Index bottom = top + part.ports[kTop], nodes = bottom + n;
    Nodes S = Nodes::Zero(nodes, nodes);
    const auto connect = [&S](Index a, Index b, double siemens) {
      S(a, a) += siemens;
      S(b, b) += siemens;
      S(a, b) -= siemens;
      S(b, a) -= siemens;
    };
    const auto of_row = [&](Index i, Index j) {
      return j < row_nodes ? i * row_nodes + j : right + i;
    };
    const auto of_column = [&](Index i, Index j) {
      return i < m - 1 ? m * row_nodes + i * n + j : bottom + j;
    };
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j) {
        connect(of_row(i, j), of_column(i, j), G_(cells.left + j, cells.top + i));
        connect(j > 0 ? of_row(i, j - 1) : left + i, of_row(i, j),
                cells.left + j == 0 ? wires_.first : wires_.row);
        if (i > 0 || !begins)
          connect(i > 0 ? of_column(i - 1, j) : top + j, of_column(i, j), wires_.column);
      }
    for (Index p = 0; p < inside; ++p)
      for (Index c = p + 1; c < nodes; ++c)
        if (S(p, c) != 0)
          S.col(c).tail(nodes - p - 1) -= S.col(p).tail(nodes - p - 1) * (S(p, c) / S(p, p));
    part.S = S.bottomRightCorner(nodes - inside, nodes - inside);
    return part;
  }

  const MatrixXd& G_;
  const WireConductances& wires_;
  FirstError& error_;
};

/// Columns end in the sense amplifiers' ground, and rows, where they are driven at both ends, in
/// their drivers again: I = last v_bottom with the voltages v of those ends.
MatrixXd ended(const Part& array, const WireConductances& wires, FirstError& error) {
  const Index m = array.ports[kLeft], right = array.ports[kRight], n = array.ports[kBottom];
  MatrixXd ends = array.S.bottomRightCorner(right + n, right + n);
  MatrixXd driven = -array.S.block(m, 0, right + n, m);
  ends.diagonal().head(right).array() += wires.first;
  ends.diagonal().tail(n).array() += wires.last;
  driven.topRows(right).diagonal().array() += wires.first;
  invert(ends);
  MatrixXd W(n, m);
#pragma omp taskloop grainsize(1) default(shared)
  for (Index from = 0; from < m; from += kPanel) {
    const Index width = std::min(kPanel, m - from);
    error.guard([&] {
      W.middleCols(from, width).noalias() =
          wires.last * ends.bottomRows(n) * driven.middleCols(from, width);
    });
  }
  return W;
}

}  // namespace

/// Halves are joined by their Schur complement, so that nearly all work is matrix products.
void invert(Eigen::Ref<MatrixXd> M) {
  const Index n = M.rows();
  if (n <= 24) return invert_small(M);
  const Index h = (n / 2 + 7) / 8 * 8;
  auto A = M.topLeftCorner(h, h);
  auto B = M.bottomLeftCorner(n - h, h);
  auto C = M.bottomRightCorner(n - h, n - h);
  invert(A);
  const MatrixXd X = B * A;
  C.triangularView<Eigen::Lower>() -= X * B.transpose();
  invert(C);
  B.noalias() = -C * X;
  A.triangularView<Eigen::Lower>() -= X.transpose() * B;
  mirror_lower(M);
}

MatrixXd dissected_effective_S(const MatrixXd& G, const WireConductances& wires, int threads) {
  MatrixXd W;
  FirstError error;
#pragma omp parallel num_threads(threads) if (threads > 1)
#pragma omp single
  error.guard([&] {
    const Part array = Dissection(G, wires, error).solve({0, G.cols(), 0, G.rows()});
    if (!error.is_there()) W = ended(array, wires, error);
  });
  error.rethrow();
  return W;
}

}  // namespace ohmic
