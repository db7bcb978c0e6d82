// One tile as a SPICE netlist: drivers, wires, cells as resistors (as current sources that follow
// their curve where that is not a line) and sense amplifiers as 0 V
// sources, in the arrangement of simulator/wires.hpp. `ngspice -b FILE` prints the column currents.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "experiments/export/conductances.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

/// Rows are driven with `volts`; the current of column j is i(Vsense_j). Wires without resistance
/// join their nodes; a cell without conductance is left out.
std::string spice_netlist(const ProgrammedTile& tile, const std::optional<Wires>& wires,
                          std::span<const double> volts, const PolynomialCurve* curve = nullptr);

}  // namespace ohmic
