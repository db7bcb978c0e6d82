#include "simulator/cell_curve.hpp"

#include <cmath>
#include <vector>

namespace ohmic {

void PolynomialCurve::evaluate(std::span<const double> G_S, std::span<const double> volts,
                               std::span<double> current_A, std::span<double> slope_S) const {
  std::vector<double> a(G_S.size()), b(G_S.size());
  coefficients(G_S, a, b);
  for (std::size_t i = 0; i < G_S.size(); ++i) {
    const double V = volts[i], size = std::abs(V);
    current_A[i] = V * (G_S[i] + size * (a[i] + size * b[i]));
    slope_S[i] = G_S[i] + size * (2 * a[i] + 3 * size * b[i]);
  }
}

}  // namespace ohmic
