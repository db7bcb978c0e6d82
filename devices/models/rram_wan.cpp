// rram_wan - HfOx/TaOx resistive memory of the NeuRRAM chip
//
// Theory. Write and verify leaves devices within a window; filaments then relax within a second to
// a spread that is widest in the middle of the range and goes on growing slowly. A device keeps its
// place in that spread: the same draw is followed over time.
//
// Equation. With $r = G_T/g_{\max}$ and one $\xi$ per device,
//
// ```math
// G(t) = \mathrm{clip}\left(G_T + \frac{g_{\max}}{40\,\mu\mathrm{S}} \sigma(t, r)\,\xi\right)
// ```
//
// With fit = "relaxation", $\sigma$ in $\mu\mathrm{S}$ is a polynomial of $r$, linear in $\ln t$
// between these times and constant before and after:
//
// | | $r^0$ | $r^1$ | $r^2$ | $r^3$ | $r^4$ |
// | --- | --- | --- | --- | --- | --- |
// | 1 s | 0.348 | 16.030 | -43.853 | 45.393 | -16.815 |
// | 1 day | 0.701 | 22.086 | -50.773 | 47.095 | -16.458 |
// | 2 days | 0.782 | 20.274 | -43.507 | 37.062 | -11.934 |
//
// With fit = "single" it is, at all $t$ and with $g = 40 r$,
//
// ```math
// \sigma = 1.053 + 0.2374\,g - 0.01167\,g^2 + 1.536 \cdot 10^{-4}\,g^3
// ```
//
// Source. W. Wan et al., Nature 608, 504 (2022), measured at g_max = 40 uS; coefficients as in the
// AIHWKit (relaxation) and in CrossSim (single, for $g$ <= 39.26 uS).
//
// Limits. One tool scales $\sigma$ 1.6 times too large by its default g_max; the factor here is
// g_max/40 uS. No mean drift, no read noise of its own.

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

constexpr double kTimes_s[3] = {1, kDay_s, 2 * kDay_s};
constexpr double kSigma_uS[3][5] = {{0.348, 16.030, -43.853, 45.393, -16.815},
                                    {0.701, 22.086, -50.773, 47.095, -16.458},
                                    {0.782, 20.274, -43.507, 37.062, -11.934}};

class RramWan final : public FittedDevice {
 public:
  enum class Fit { relaxation, single };

  Fit fit = Fit::relaxation;

  RramWan() {
    g_max_S = 40e-6;
    time_s = 1.0;
  }

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    DeviceEffect relaxed = error(programming_scale * g_max_S / 40.0, g_max_S, curve_at(age_s).c);
    relaxed.ages = age_s > 0;
    return {{relaxed}};
  }
  bool reads_noisily() const override { return false; }
  MeasuredRange measured() const override {
    return {0, fit == Fit::single ? 39.26e-6 : 40e-6, kTimes_s[2]};
  }

  static const Schema<RramWan>& schema() {
    static const Schema<RramWan> schema = [] {
      Schema<RramWan> s{"rram_wan", "Resistive memory of the NeuRRAM chip: relaxation in time."};
      declare_common(s);
      s.add_choice("fit", &RramWan::fit, {{"relaxation", Fit::relaxation}, {"single", Fit::single}})
          .doc("Spread that grows with time, or one curve for all times.")
          .source("Wan et al. 2022");
      declare_programming_scale(s);
      declare_clip(s);
      return s;
    }();
    return schema;
  }

 private:
  struct Curve {
    double c[5];
  };

  Curve curve_at(double age_s) const {
    if (fit == Fit::single) return {{1.053, 0.2374 * 40, -0.01167 * 1600, 1.536e-4 * 64000, 0}};
    const int i = age_s <= kDay_s ? 0 : 1;
    const double t = clamp_to(kTimes_s[i], kTimes_s[i + 1], age_s);
    const double part = std::log(t / kTimes_s[i]) / std::log(kTimes_s[i + 1] / kTimes_s[i]);
    Curve curve{};
    for (int k = 0; k < 5; ++k)
      curve.c[k] = kSigma_uS[i][k] + part * (kSigma_uS[i + 1][k] - kSigma_uS[i][k]);
    return curve;
  }
};

OHMIC_REGISTER_DEVICE("rram_wan", RramWan);

}  // namespace
}  // namespace ohmic
