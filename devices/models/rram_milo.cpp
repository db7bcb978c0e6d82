// rram_milo - HfO2 resistive memory, multilevel programming
//
// Theory. Incremental write and verify leaves an error that shrinks slowly towards high
// conductances. The current is not quite proportional to the voltage: devices/rram_milo_curve.hpp
// has the curve for arrays of non-linear cells.
//
// Equation.  G = clip(G_T + sigma(G_T) xi),  sigma [uS] = 4.782321 - 0.009107 G_T [uS]
//
// Source. V. Milo et al., IEEE Trans. Electron Devices 68 (2021); fit as given by CrossSim, for
// states of 50 to 225 uS.
// Limits. No drift, no read noise. V_read <= 0.5 V.

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class RramMilo final : public FittedDevice {
 public:
  RramMilo() {
    g_min_S = 50e-6;
    g_max_S = 225e-6;
  }

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    write_with_error(block, programming_scale, target_S, G_S,
                     [](double G_T) { return 4.782321e-6 - 0.009107 * G_T; });
  }
  bool reads_noisily() const override { return false; }

  static const Schema<RramMilo>& schema() {
    static const Schema<RramMilo> schema = [] {
      Schema<RramMilo> s{"rram_milo", "Resistive memory of Milo et al.: programming error."};
      declare_common(s);
      declare_programming_scale(s);
      declare_clip(s);
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("rram_milo", RramMilo);

}  // namespace
}  // namespace ohmic
