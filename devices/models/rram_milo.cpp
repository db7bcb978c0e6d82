// rram_milo - HfO2 resistive memory, multilevel programming
//
// Theory. Incremental write and verify leaves an error that shrinks slowly towards high
// conductances. The current is not quite proportional to the voltage; with v_read_V the arrays are
// computed with that curve (devices/rram_milo_curve.hpp): as sums of products with $V$, $V |V|$ and
// $V^3$ or, on resistive wires, as circuits that are solved for each input.
//
// Equation. With $\sigma$ and its $G_T$ in $\mu\mathrm{S}$ and polynomials $a$ and $b$ of $G$,
//
// ```math
// \begin{aligned}
// G &= \mathrm{clip}(G_T + \sigma \xi)
// \\ \sigma &= 4.782321 - 0.009107\,G_T
// \\ I &= G V + a(G)\,V |V| + b(G)\,V^3
// \end{aligned}
// ```
//
// Source. V. Milo et al., IEEE Trans. Electron Devices 68 (2021); fit as given by CrossSim, for
// states of 50 to 225 uS.
//
// Limits. No drift, no read noise. $V_\mathrm{read}$ <= 0.5 V.

#include "devices/fitted.hpp"
#include "devices/rram_milo_curve.hpp"

namespace ohmic {
namespace {

class RramMilo final : public FittedDevice {
 public:
  std::optional<double> v_read_V;

  RramMilo() {
    g_min_S = 50e-6;
    g_max_S = 225e-6;
  }

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    constexpr double kSigma_S[2] = {4.782321e-6, -0.009107};
    return {{error(programming_scale, 1.0, kSigma_S)}};
  }
  bool reads_noisily() const override { return false; }
  std::optional<NonLinearCells> non_linear() const override {
    if (!v_read_V) return std::nullopt;
    return NonLinearCells{std::make_shared<RramMiloCurve>(), *v_read_V};
  }
  MeasuredRange measured() const override { return {50e-6, 225e-6, 0}; }

  static const Schema<RramMilo>& schema() {
    static const Schema<RramMilo> schema = [] {
      Schema<RramMilo> s{"rram_milo", "Resistive memory of Milo et al.: programming error."};
      declare_common(s);
      declare_programming_scale(s);
      declare_clip(s);
      s.add("v_read_V", &RramMilo::v_read_V)
          .absent("ohmic")
          .unit("V")
          .range(0.001, 0.5)
          .joined_later()
          .doc(
              "Voltage of a row at the full scale of its inputs, for the published curve of "
              "current against voltage; \"ohmic\": current in proportion to voltage.");
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("rram_milo", RramMilo);

}  // namespace
}  // namespace ohmic
