// cell_curve - current that is not proportional to the voltage
//
// Theory. Selectors, tunnel gaps and ionic conduction bend the current-voltage curve of a cell. The
// lowest terms of an odd curve are kept, in proportion to the conductance at low voltages, which is
// what weights are mapped to. Use it in a stack to bend any other model's devices.
//
// Equation. With $a$ the key quadratic and $b$ the key cubic,
//
// ```math
// I = G V (1 + a |V| + b V^2), \qquad G = G_T
// ```
//
// Source. Definition.
//
// Limits. The curve must rise up to v_read_V. Cells are alike.

#include <algorithm>

#include "simulator/device_model.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

class CubicCurve final : public PolynomialCurve {
 public:
  CubicCurve(double quadratic_per_V, double cubic_per_V2) : a_(quadratic_per_V), b_(cubic_per_V2) {}
  void coefficients(std::span<const double> G_S, std::span<double> a_A_V2,
                    std::span<double> b_A_V3) const override {
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      a_A_V2[i] = G_S[i] * a_;
      b_A_V3[i] = G_S[i] * b_;
    }
  }

 private:
  double a_, b_;
};

class CellCurveModel final : public DeviceModel {
 public:
  double quadratic_per_V = 0.0;
  double cubic_per_V2 = 0.0;
  double v_read_V = 0.2;

  void program(const DeviceBlock&, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::copy(target_S.begin(), target_S.end(), G_S.begin());
  }
  std::optional<NonLinearCells> non_linear() const override {
    return NonLinearCells{std::make_shared<CubicCurve>(quadratic_per_V, cubic_per_V2), v_read_V};
  }

  // The slope 1 + 2 a V + 3 b V^2 has its extremes at the ends and at V = -a / (3 b).
  void validate() const override {
    DeviceModel::validate();
    const auto slope = [&](double V) {
      return 1 + V * (2 * quadratic_per_V + 3 * cubic_per_V2 * V);
    };
    const double turn_V = cubic_per_V2 == 0 ? 0 : -quadratic_per_V / (3 * cubic_per_V2);
    if (slope(v_read_V) > 0 && slope(std::clamp(turn_V, 0.0, v_read_V)) > 0) return;
    throw ConfigError({{{},
                        "cubic_per_V2",
                        "the current falls as the voltage rises; expected 1 + 2 quadratic V + 3 "
                        "cubic V^2 > 0 from 0 V to v_read_V"}});
  }

  static const Schema<CellCurveModel>& schema() {
    static const Schema<CellCurveModel> schema = [] {
      Schema<CellCurveModel> s{"cell_curve", "Current that is not proportional to the voltage."};
      declare_common(s);
      s.add("quadratic_per_V", &CellCurveModel::quadratic_per_V)
          .unit("1/V")
          .range(-100, 100)
          .doc("Relative rise of the conductance with |V|.");
      s.add("cubic_per_V2", &CellCurveModel::cubic_per_V2)
          .unit("1/V^2")
          .range(-1000, 1000)
          .doc("Relative rise of the conductance with V^2.");
      s.add("v_read_V", &CellCurveModel::v_read_V)
          .unit("V")
          .range(0.001, 10)
          .doc("Voltage of a row at the full scale of its inputs.");
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("cell_curve", CellCurveModel);

}  // namespace
}  // namespace ohmic
