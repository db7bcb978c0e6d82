// Current-voltage curves of cells that do not obey Ohm's law.
#pragma once

#include <memory>
#include <span>

namespace ohmic {

/// Current-voltage curve of a kind of cell.
class CellCurve {
 public:
  virtual ~CellCurve() = default;
  /// Currents and their slopes dI/dV > 0 of cells with low-field conductances G_S at `volts`.
  virtual void evaluate(std::span<const double> G_S, std::span<const double> volts,
                        std::span<double> current_A, std::span<double> slope_S) const = 0;
};

/// I = G V + a V |V| + b V^3, odd in V. Arrays of such cells without resistive wires are sums of
/// three products: with V, V |V| and V^3.
class PolynomialCurve : public CellCurve {
 public:
  /// a and b of cells with low-field conductances G_S, in A/V^2 and A/V^3.
  virtual void coefficients(std::span<const double> G_S, std::span<double> a_A_V2,
                            std::span<double> b_A_V3) const = 0;
  void evaluate(std::span<const double> G_S, std::span<const double> volts,
                std::span<double> current_A, std::span<double> slope_S) const final;
};

/// Cells of a device model that are not ohmic.
struct NonLinearCells {
  std::shared_ptr<const PolynomialCurve> curve;
  double full_scale_V = 0.0;  ///< voltage of a row at the full scale of its inputs
};

}  // namespace ohmic
