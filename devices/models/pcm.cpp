// pcm - phase-change memory, doped Ge2Sb2Te5 mushroom cells
//
// Theory. Iterative programming stops within an error that grows with the conductance. The
// amorphous part then relaxes, so conductance falls as a power of time with an exponent that each
// device draws once and that is larger for low states. Reads see 1/f noise, whose variance grows
// with the logarithm of time.
//
// Equation. With $r = G_T/g_{\max}$ and $\xi$ a fresh standard normal at each mention, programming
// leaves
//
// ```math
// G_p = \mathrm{clip}\left(G_T + \frac{g_{\max}}{25\,\mu\mathrm{S}} \sigma_p \xi\right)
// ```
//
// with, in $\mu\mathrm{S}$, by the fits nandakumar and joshi ($g = 25 r$),
//
// ```math
// \sigma_p = \begin{cases}
// \max(0,\ 0.26348 + 1.9650\,r - 1.1731\,r^2) & \text{nandakumar}
// \\ 0.28638599 + 0.07585724\,g - 0.00178767\,g^2 & \text{joshi}
// \end{cases}
// ```
//
// Drift, with one $\nu$ per device:
//
// ```math
// \begin{aligned}
// G(t) &= G_p \left(\frac{t + t_0}{t_0}\right)^{-\nu}
// \\ \nu &= |\mu + \sigma \xi|
// \\ \mu &= \mathrm{clip}(-0.0155 \ln r + 0.0244,\ 0.049,\ 0.1)
// \\ \sigma &= \mathrm{clip}(-0.0125 \ln r - 0.0059,\ 0.008,\ 0.045)
// \end{aligned}
// ```
//
// A read has the std
//
// ```math
// \begin{aligned}
// \sigma_\mathrm{read} &=
//   G\,Q \sqrt{\ln \frac{t + t_0 + t_\mathrm{read}}{2\,t_\mathrm{read}}}
// \\ Q &= \min\left(\frac{0.0088}{\max(r^{0.65},\ 0.001)},\ 0.2\right)
// \end{aligned}
// ```
//
// Source. S. R. Nandakumar et al., ICECS 2019, and V. Joshi et al., Nat. Commun. 11, 2473 (2020);
// the second programming fit is the one CrossSim gives for Joshi et al. Measured on arrays of 90 nm
// cells at g_max = 25 uS, $t_0$ = 20 s, $t_\mathrm{read}$ = 250 ns.
//
// Limits. Room temperature; $t$ from $t_0$ = 20 s after programming (time_s counts from there),
// measured up to a day; later ages extrapolate the power law. The paper takes the read noise's $r$
// from the target, as here; one tool takes it from the programmed conductance.

#include <cmath>
#include <limits>

#include "devices/flicker.hpp"

namespace ohmic {
namespace {

class Pcm final : public FlickeringDevice {
 public:
  enum class Fit { nandakumar, joshi };

  Fit fit = Fit::nandakumar;
  double t0_s = 20.0;
  double t_read_s = 250e-9;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    std::vector<DeviceEffect> all{error(programming_scale * g_max_S / 25.0, g_max_S,
                                        fit == Fit::nandakumar ? kNandakumar : kJoshi)};
    if (age_s > 0)
      all.push_back(PowerDrift{kDriftMean, kDriftStd, std::log((age_s + t0_s) / t0_s), drift_scale,
                               g_max_S, bounds()});
    return all;
  }

  std::optional<std::vector<DeviceRead>> reads(double age_s) const override {
    return {{flicker(PowerFit{0.0088, 0.65, 1e-3, 0.2}, age_s, t0_s, t_read_s)}};
  }
  MeasuredRange measured() const override { return {0, 25e-6, kDay_s}; }

  static const Schema<Pcm>& schema() {
    static const Schema<Pcm> schema = [] {
      Schema<Pcm> s{"pcm", "Phase-change memory: programming error, drift and 1/f read noise."};
      declare_common(s);
      s.add_choice("fit", &Pcm::fit, {{"nandakumar", Fit::nandakumar}, {"joshi", Fit::joshi}})
          .doc("Which fit of the programming error.")
          .source("Nandakumar et al. 2019; Joshi et al. 2020");
      s.add("t0_s", &Pcm::t0_s)
          .unit("s")
          .above(0)
          .doc("Time after programming at which drift is counted from.");
      declare_read_time(s);
      declare_effects(s);
      return s;
    }();
    return schema;
  }

 private:
  // Std of programming in uS at g_max = 25 uS, coefficients of r^0, r^1, r^2.
  static constexpr double kNandakumar[3] = {0.26348, 1.9650, -1.1731};
  static constexpr double kJoshi[3] = {0.28638599, 0.07585724 * 25, -0.00178767 * 25 * 25};

  // Of the drift exponent.
  static constexpr double kEverywhere = std::numeric_limits<double>::infinity();
  static constexpr PiecewiseFit kDriftMean{kEverywhere, -0.0155, 0.0244, 0.049, 0.1, {}};
  static constexpr PiecewiseFit kDriftStd{kEverywhere, -0.0125, -0.0059, 0.008, 0.045, {}};
};

OHMIC_REGISTER_DEVICE("pcm", Pcm);

}  // namespace
}  // namespace ohmic
