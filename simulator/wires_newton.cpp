#include "simulator/wires_newton.hpp"

#include <Eigen/Sparse>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "simulator/call_error.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

/// A node is free (index >= 0) or held at a voltage.
struct Node {
  Index index = -1;
  double held_V = 0;
  double voltage(const VectorXd& free) const { return index >= 0 ? free[index] : held_V; }
};

struct Resistor {
  Node a, b;
  double S;
};

/// Nodes and elements of a tile. Wires without resistance join their nodes.
class Circuit {
 public:
  Circuit(int rows, int columns, std::span<const double> G_S, const Wires& wires,
          std::span<const double> volts)
      : G_S_(G_S), rows_(rows), columns_(columns) {
    for (int i = 0; i < rows; ++i) add_row(i, wires, volts[static_cast<std::size_t>(i)]);
    for (int j = 0; j < columns; ++j) add_column(j, wires);
    volts_.resize(G_S.size());
    current_A_.resize(G_S.size());
    slope_S_.resize(G_S.size());
  }

  Index nodes() const { return nodes_; }

  /// Currents that leave each free node at these voltages; keeps the cells' slopes.
  VectorXd left_over(const CellCurve& curve, const VectorXd& V) {
    for (std::size_t k = 0; k < G_S_.size(); ++k)
      volts_[k] = row_node_[k].voltage(V) - column_node_[k].voltage(V);
    curve.evaluate(G_S_, volts_, current_A_, slope_S_);
    VectorXd sum = VectorXd::Zero(nodes_);
    const auto add = [&](const Node& a, const Node& b, double A) {
      if (a.index >= 0) sum[a.index] += A;
      if (b.index >= 0) sum[b.index] -= A;
    };
    for (const Resistor& r : resistors_) add(r.a, r.b, r.S * (r.a.voltage(V) - r.b.voltage(V)));
    for (std::size_t k = 0; k < G_S_.size(); ++k) add(row_node_[k], column_node_[k], current_A_[k]);
    return sum;
  }

  /// Derivative of left_over at the voltages it was last called with.
  Eigen::SparseMatrix<double> jacobian() const {
    std::vector<Eigen::Triplet<double>> entries;
    const auto add = [&](const Node& a, const Node& b, double S) {
      if (a.index >= 0) entries.emplace_back(a.index, a.index, S);
      if (b.index >= 0) entries.emplace_back(b.index, b.index, S);
      if (a.index < 0 || b.index < 0) return;
      entries.emplace_back(a.index, b.index, -S);
      entries.emplace_back(b.index, a.index, -S);
    };
    for (const Resistor& r : resistors_) add(r.a, r.b, r.S);
    for (std::size_t k = 0; k < G_S_.size(); ++k) add(row_node_[k], column_node_[k], slope_S_[k]);
    Eigen::SparseMatrix<double> J(nodes_, nodes_);
    J.setFromTriplets(entries.begin(), entries.end());
    return J;
  }

  double largest_cell_current_A() const {
    double largest = 0;
    for (const double A : current_A_) largest = std::max(largest, std::abs(A));
    return largest;
  }

  /// How exactly currents can add up at all: roundings of a voltage times the best wire's
  /// conductance.
  double rounding_A(std::span<const double> volts) const {
    double largest_S = 0, largest_V = 0;
    for (const Resistor& r : resistors_) largest_S = std::max(largest_S, r.S);
    for (const double V : volts) largest_V = std::max(largest_V, std::abs(V));
    return 8 * std::numeric_limits<double>::epsilon() * largest_S * largest_V;
  }

  /// Sum of the cells' currents of each column: what its sense amplifier receives.
  std::vector<double> column_currents_A() const {
    std::vector<double> sum(static_cast<std::size_t>(columns_));
    for (std::size_t k = 0; k < current_A_.size(); ++k)
      sum[k / static_cast<std::size_t>(rows_)] += current_A_[k];
    return sum;
  }

 private:
  /// A node joined to `from` by a wire of this resistance; `from` itself when there is none.
  Node joined(const Node& from, double ohm) {
    if (ohm == 0) return from;
    const Node node{nodes_++, 0};
    resistors_.push_back({from, node, 1 / ohm});
    return node;
  }

  std::size_t cell(int i, int j) const {
    return static_cast<std::size_t>(j) * static_cast<std::size_t>(rows_) +
           static_cast<std::size_t>(i);
  }

  void add_row(int i, const Wires& wires, double volt) {
    row_node_.resize(G_S_.size());
    const Node driver{-1, volt};
    Node node = joined(driver, wires.driver_ohm + wires.row_ohm);
    row_node_[cell(i, 0)] = node;
    for (int j = 1; j < columns_; ++j) row_node_[cell(i, j)] = node = joined(node, wires.row_ohm);
    const double back = wires.driver_ohm + wires.row_ohm;
    if (wires.drive == RowDrive::both && back > 0) resistors_.push_back({node, driver, 1 / back});
  }

  void add_column(int j, const Wires& wires) {
    column_node_.resize(G_S_.size());
    Node node = joined(Node{}, wires.sense_ohm + wires.column_ohm);
    column_node_[cell(rows_ - 1, j)] = node;
    for (int i = rows_ - 2; i >= 0; --i)
      column_node_[cell(i, j)] = node = joined(node, wires.column_ohm);
  }

  std::span<const double> G_S_;
  int rows_, columns_;
  Index nodes_ = 0;
  std::vector<Resistor> resistors_;
  std::vector<Node> row_node_, column_node_;  ///< of each cell
  std::vector<double> volts_, current_A_, slope_S_;
};

[[noreturn]] void fail(const std::string& why, const TileCurrents& so_far) {
  throw UnsupportedError("non-linear cells on resistive wires: " + why + " after " +
                         std::to_string(so_far.steps) + " Newton steps; the left-over current is " +
                         std::to_string(so_far.left_over) +
                         " of the largest cell current. Lower input voltages or wire resistances "
                         "bring the circuit nearer to a linear one.");
}

/// The longest of 1, 1/2, 1/4 ... of `step` that makes the left-over currents smaller.
VectorXd descend(Circuit& circuit, const CellCurve& curve, VectorXd& V, const VectorXd& step,
                 double before) {
  for (double length = 1; length > 1e-6; length /= 2) {
    const VectorXd tried = V - length * step;
    const VectorXd sum = circuit.left_over(curve, tried);
    if (!(sum.cwiseAbs().maxCoeff() < before)) continue;
    V = tried;
    return sum;
  }
  return {};
}

}  // namespace

TileCurrents nonlinear_currents(int rows, int columns, std::span<const double> G_S,
                                const CellCurve& curve, const Wires& wires,
                                std::span<const double> volts, const NewtonSettings& settings) {
  require_call(rows > 0 && columns > 0 && std::ssize(volts) == rows &&
                   std::ssize(G_S) == std::ptrdiff_t{rows} * columns,
               "nonlinear_currents: needs rows x columns conductances and a voltage for every row");
  Circuit circuit(rows, columns, G_S, wires, volts);
  VectorXd V = VectorXd::Zero(circuit.nodes());
  VectorXd sum = circuit.left_over(curve, V);
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> solver;
  const double rounding_A = circuit.rounding_A(volts);
  TileCurrents result;
  while (circuit.nodes() > 0) {
    const double worst_A = sum.cwiseAbs().maxCoeff();
    result.left_over = worst_A == 0 ? 0 : worst_A / circuit.largest_cell_current_A();
    if (result.left_over <= settings.tolerance || worst_A <= rounding_A) break;
    if (result.steps == settings.max_steps) fail("not converged", result);
    const auto J = circuit.jacobian();
    if (result.steps++ == 0) solver.analyzePattern(J);
    solver.factorize(J);
    if (solver.info() != Eigen::Success) fail("a singular step", result);
    sum = descend(circuit, curve, V, solver.solve(sum), worst_A);
    if (sum.size() == 0) fail("no further progress", result);
  }
  result.column_A = circuit.column_currents_A();
  return result;
}

}  // namespace ohmic
