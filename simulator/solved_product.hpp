// A row tile whose arrays are circuits of non-linear cells: what its columns give for one drive.
#pragma once

#include <span>
#include <vector>

#include "simulator/converters.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

/// Outputs of all columns in codes, before noise and converter; `drive`: of the tile's rows, of
/// `volts_per_drive` each. Solves each of the tile's circuits (nonlinear_currents) and throws
/// UnsupportedError where one does not converge.
std::vector<double> solved_outputs(const LayerOnTiles&, const TileProduct&,
                                   std::span<const double> drive, double volts_per_drive);

}  // namespace ohmic
