// polynomial - error whose std is a polynomial of the target
//
// Theory. The usual way to summarise a measured spread over states. One coefficient makes the error
// independent of the state.
//
// Equation. With $r = G_T/g_{\max}$,
//
// ```math
// G = \mathrm{clip}\left(
//   G_T + \frac{g_{\max}}{25\,\mu\mathrm{S}} (c_0 + c_1 r + c_2 r^2 + \dots)\,\xi\right)
// ```
//
// Source. The form in which fits of phase-change memory are published; the coefficients, in uS at
// g_max = 25 uS, are the user's. Negative values of the polynomial count as 0.
//
// Limits. No drift, no read noise: put `retention` beside it in a stack.

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Polynomial final : public FittedDevice {
 public:
  std::vector<double> coefficients_uS{0.5};

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    block.normals(Stream::programming, 0, G_S);
    const double unit_S = programming_scale * g_max_S / 25.0;
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      const double sigma = horner(target_S[i] / g_max_S);
      G_S[i] = target_S[i] + unit_S * (sigma > 0 ? sigma : 0) * G_S[i];
    }
    apply_clip(clip, g_min_S, g_max_S, G_S);
  }
  bool reads_noisily() const override { return false; }

  void validate() const override {
    DeviceModel::validate();
    if (coefficients_uS.empty())
      throw ConfigError({{{}, "coefficients_uS", "is empty; expected at least one number"}});
    constexpr int kStates = 100;
    int below = 0;
    for (int i = 0; i <= kStates; ++i) below += horner(static_cast<double>(i) / kStates) < 0;
    if (below > kStates / 2)
      throw ConfigError(
          {{{},
            "coefficients_uS",
            "give a std below 0, which counts as 0, for " + std::to_string(below) + " of " +
                std::to_string(kStates + 1) +
                " conductances from 0 to g_max_S; expected a polynomial of r = G/g_max_S that is 0 "
                "or more for most"}});
  }

  static const Schema<Polynomial>& schema() {
    static const Schema<Polynomial> schema = [] {
      Schema<Polynomial> s{"polynomial", "Error whose std is a polynomial of the target."};
      declare_common(s);
      s.add("coefficients_uS", &Polynomial::coefficients_uS)
          .unit("uS")
          .doc("Std at g_max = 25 uS: coefficients of r^0, r^1, ... with r = G/g_max.");
      declare_programming_scale(s);
      declare_clip(s);
      return s;
    }();
    return schema;
  }

 private:
  double horner(double r) const {
    double y = 0;
    for (std::size_t k = coefficients_uS.size(); k-- > 0;) y = y * r + coefficients_uS[k];
    return y;
  }
};

OHMIC_REGISTER_DEVICE("polynomial", Polynomial);

}  // namespace
}  // namespace ohmic
