#include "simulator/solved_product.hpp"

#include "simulator/wires_newton.hpp"

namespace ohmic {
namespace {

/// Current of a column of exact cells without wires.
double reference_A(const CellCurve& curve, double G_S, std::span<const double> volts) {
  if (G_S == 0) return 0.0;
  const std::vector<double> column_S(volts.size(), G_S);
  std::vector<double> current_A(volts.size()), slope_S(volts.size());
  curve.evaluate(column_S, volts, current_A, slope_S);
  double sum = 0;
  for (const double A : current_A) sum += A;
  return sum;
}

}  // namespace

std::vector<double> solved_outputs(const LayerOnTiles& layer, const TileProduct& t,
                                   std::span<const double> drive, double volts_per_drive) {
  const CellCurve& curve = *layer.cells->curve;
  std::vector<double> volts(drive.begin(), drive.end());
  for (double& V : volts) V *= volts_per_drive;
  std::vector<double> out(t.codes_per_A.size(), -reference_A(curve, t.reference_S, volts));
  for (const WiredTile& tile : t.circuits) {
    const TileCurrents found =
        nonlinear_currents(t.rows, tile.columns, tile.G_S, curve, *layer.periphery.wires, volts);
    for (int j = 0; j < tile.columns; ++j)
      out[static_cast<std::size_t>(tile.first_column + j)] +=
          tile.sign * found.column_A[static_cast<std::size_t>(j)];
  }
  for (std::size_t n = 0; n < out.size(); ++n) out[n] *= t.codes_per_A[n];
  return out;
}

}  // namespace ohmic
