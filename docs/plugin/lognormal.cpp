// lognormal - programming error whose logarithm is normal
//
// Theory. Where many small independent factors decide how far a conducting path is formed, its
// conductance is the target times a log-normal factor: never negative, wider above than below.
//
// Equation.
//
// ```math
// G = G_T \exp(s \xi - s^2/2), \qquad \xi \sim N(0, 1)
// ```
//
// The mean is $G_T$ and the std over it $\sqrt{\exp(s^2) - 1}$.
//
// Source. Moments of the log-normal distribution.
//
// Limits. An example: s is no measured value. No drift, no read noise, no clip.

#include <cmath>

#include "simulator/device_model.hpp"

namespace {

class Lognormal final : public ohmic::DeviceModel {
 public:
  double s = 0.1;

  void program(const ohmic::DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    block.normals(ohmic::Stream::programming, 0, G_S);
    for (std::size_t i = 0; i < G_S.size(); ++i)
      G_S[i] = target_S[i] * std::exp(s * G_S[i] - 0.5 * s * s);
  }

  static const ohmic::Schema<Lognormal>& schema() {
    static const ohmic::Schema<Lognormal> schema = [] {
      ohmic::Schema<Lognormal> table{"lognormal", "Programming error whose logarithm is normal."};
      ohmic::declare_common(table);
      table.add("s", &Lognormal::s)
          .unit("1")
          .range(0, 2)
          .doc("Std of the logarithm of a conductance over its target.");
      return table;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("lognormal", Lognormal);

}  // namespace
