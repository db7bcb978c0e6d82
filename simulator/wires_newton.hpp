// A wired tile whose cells do not obey Ohm's law: no effective matrix exists, so the circuit of
// simulator/wires.hpp is solved for each input vector, by Newton's method on Kirchhoff's current
// law at every node, each step halved until the currents that do not add up become smaller.
//
// The solution is proven by those left-over currents, not by small steps; if they do not vanish, as
// far as rounded voltages over the best wire let them, the call fails. O((rows*columns)^1.5) per
// step.
#pragma once

#include <span>
#include <vector>

#include "simulator/cell_curve.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

struct NewtonSettings {
  double tolerance = 1e-11;  ///< largest left-over current over the largest cell current
  int max_steps = 40;
};

struct TileCurrents {
  std::vector<double> column_A;  ///< into each column's sense amplifier
  int steps = 0;
  double left_over = 0;  ///< largest left-over current over the largest cell current
};

/// Currents of one tile for one vector of row voltages `volts`; G_S: element (i, j) at j*rows + i.
/// Throws UnsupportedError, naming the left-over current, when the iteration does not converge.
TileCurrents nonlinear_currents(int rows, int columns, std::span<const double> G_S,
                                const CellCurve& curve, const Wires& wires,
                                std::span<const double> volts, const NewtonSettings& = {});

}  // namespace ohmic
