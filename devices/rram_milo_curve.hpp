// Current-voltage curve of the devices of Milo et al. 2021, for arrays of non-linear cells.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "simulator/cell_curve.hpp"

namespace ohmic {

/// I = G V + NL2 V |V| + NL3 V^3 in amperes, G in siemens (5e-5 to 2.25e-4), |V| <= 0.5 V, with
/// x = log10 G, NL2 = 1.388e-4 x^3 + 1.541e-3 x^2 + 5.711e-3 x + 7.063e-3 and
/// NL3 = 8.871e-5 x^2 + 6.7919e-4 x + 1.2968e-3.
/// Source: fit that CrossSim gives for V. Milo et al., IEEE Trans. Electron Devices 68 (2021); the
/// curve for V < 0 mirrors the one for V > 0. Beyond the fitted conductances NL2 and NL3 stay in
/// proportion to G, as at the nearest end: programming errors and faults lead there.
class RramMiloCurve final : public PolynomialCurve {
 public:
  static double NL2(double G_S) {
    const double x = std::log10(G_S);
    return ((1.388e-4 * x + 1.541e-3) * x + 5.711e-3) * x + 7.063e-3;
  }
  static double NL3(double G_S) {
    const double x = std::log10(G_S);
    return (8.871e-5 * x + 6.7919e-4) * x + 1.2968e-3;
  }

  void coefficients(std::span<const double> G_S, std::span<double> a_A_V2,
                    std::span<double> b_A_V3) const override {
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      const double fitted = std::clamp(G_S[i], 5e-5, 2.25e-4), part = G_S[i] / fitted;
      a_A_V2[i] = part * NL2(fitted);
      b_A_V3[i] = part * NL3(fitted);
    }
  }
};

}  // namespace ohmic
