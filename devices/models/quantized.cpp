// quantized - a finite number of states
//
// Theory. Devices that can only be set to $2^b$ conductances, evenly spaced over the range.
//
// Equation.
//
// ```math
// \begin{aligned}
// G &= g_{\min} + d\,\mathrm{round}\left(\frac{G_T - g_{\min}}{d}\right)
// \\ d &= \frac{g_{\max} - g_{\min}}{2^b - 1}
// \end{aligned}
// ```
//
// with stochastic rounding up with the probability of the fraction, so that the mean is exact.
// Targets beyond the range take the nearest state.
//
// Source. Definition.
//
// Limits. States are placed exactly; put an error model after it in a stack.

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Quantized final : public DeviceModel {
 public:
  enum class Rounding { nearest, stochastic };

  int bits = 4;
  Rounding rounding = Rounding::nearest;

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::vector<float> threshold(G_S.size(), 0.5f);
    if (rounding == Rounding::stochastic) block.uniforms(Stream::rounding, 0, threshold);
    const double highest = std::ldexp(1.0, bits) - 1.0;
    const double step_S = (g_max_S - g_min_S) / highest;
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      const double state = std::floor((target_S[i] - g_min_S) / step_S + double{threshold[i]});
      G_S[i] = g_min_S + step_S * clamp_to(0, highest, state);
    }
  }

  static const Schema<Quantized>& schema() {
    static const Schema<Quantized> schema = [] {
      Schema<Quantized> s{"quantized", "A finite number of states, evenly spaced."};
      declare_common(s);
      s.add("bits", &Quantized::bits).unit("bit").range(1, 16).doc("2^bits states.");
      s.add_choice("rounding", &Quantized::rounding,
                   {{"nearest", Rounding::nearest}, {"stochastic", Rounding::stochastic}})
          .doc("To the nearest state, or up with the probability of the fraction.");
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("quantized", Quantized);

}  // namespace
}  // namespace ohmic
