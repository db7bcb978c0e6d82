// pcm_hermes - phase-change memory of the Hermes chip
//
// Theory. As pcm: programming error, power-law drift with an exponent per device, 1/f read noise;
// fitted to a 64-core chip of 14 nm technology, with one device or two in parallel per polarity.
//
// Equation. With $r = G_T/g_{\max}$, $\sigma_p$ a cubic in $r$ and one $\nu$ per device,
// programming, drift and the std of a read are
//
// ```math
// \begin{aligned}
// G_p &= \mathrm{clip}\left(G_T + \frac{g_{\max}}{g_\mathrm{ref}} \sigma_p(r)\,\xi\right)
// \\ G(t) &= G_p \left(\frac{t + t_0}{t_0}\right)^{-\nu}
// \\ \nu &= |\mu(r) + \sigma(r)\,\xi|
// \\ \sigma_\mathrm{read} &= G\,Q(r)
//   \sqrt{\ln \frac{t + t_0 + t_\mathrm{read}}{2\,t_\mathrm{read}}}
// \end{aligned}
// ```
//
// $\mu$, $\sigma$ and $Q$ are $a \ln r + b$, kept within an interval, below a threshold of $r$
// and a polynomial above; $t_\mathrm{read}$ = 512 ns.
//
// | | one device | two devices |
// | --- | --- | --- |
// | $g_\mathrm{ref}$ | 10.35 uS | 20.7 uS |
// | $t_0$ | 200 s | 300 s |
//
// Source. M. Le Gallo et al., Nat. Electron. 6, 680 (2023); coefficients as in the AIHWKit's models
// of that chip.
//
// Limits. Room temperature; ages beyond a day count as extrapolated; the chip's own converters and
// its compensation are not part of it.

#include <cmath>

#include "devices/flicker.hpp"

namespace ohmic {
namespace {

struct Fit {
  double g_ref_S, t0_s;
  double sigma_p_uS[4];
  PiecewiseFit mu, sigma, Q;
};

constexpr PiecewiseFit kMu{0.0945, -0.0387, -0.0182, 0.072, 0.13, {0.0736, -0.0126, -0.0436, 0}};

constexpr Fit kOneDevice{
    10.35e-6,
    200,
    {0.15781817, 2.32443916, -2.16310839, 0.68841818},
    kMu,
    {0.3039, -0.0120, -0.0023, 0.0124, 0.04, {0.0104, 0.0116, -0.0165, 0}},
    {0.1591, -0.0078, 0.0038, 0.0179, 0.04, {0.0088, 0.0768, -0.1352, 0.0664}}};

constexpr Fit kTwoDevices{20.7e-6,
                          300,
                          {0.16603222, 4.71806468, -8.48101252, 4.68961419},
                          kMu,
                          {0.3055, -0.0117, -0.0057, 0.0091, 0.04, {0.0073, 0.0093, -0.0118, 0}},
                          {0.16, -0.0117, -0.0069, 0.015, 0.04, {0.0123, 0.0211, -0.0280, 0.0069}}};

class PcmHermes final : public FlickeringDevice {
 public:
  int devices = 1;
  double t_read_s = 512e-9;

  PcmHermes() { g_max_S = kOneDevice.g_ref_S; }

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    const Fit& f = fit();
    std::vector<DeviceEffect> all{
        error(programming_scale * kMicro * g_max_S / f.g_ref_S, g_max_S, f.sigma_p_uS)};
    if (age_s > 0)
      all.push_back(PowerDrift{f.mu, f.sigma, std::log((age_s + f.t0_s) / f.t0_s), drift_scale,
                               g_max_S, bounds()});
    return all;
  }

  std::optional<std::vector<DeviceRead>> reads(double age_s) const override {
    return {{flicker(fit().Q, age_s, fit().t0_s, t_read_s)}};
  }
  MeasuredRange measured() const override { return {0, fit().g_ref_S, kDay_s}; }

  static const Schema<PcmHermes>& schema() {
    static const Schema<PcmHermes> schema = [] {
      Schema<PcmHermes> s{"pcm_hermes", "Phase-change memory as measured on the Hermes chip."};
      declare_common(s);
      s.add("devices", &PcmHermes::devices)
          .range(1, 2)
          .doc("Devices in parallel per polarity; two have g_max_S = 20.7e-6.")
          .source("Le Gallo et al. 2023");
      declare_read_time(s);
      declare_effects(s);
      return s;
    }();
    return schema;
  }

 private:
  const Fit& fit() const { return devices == 1 ? kOneDevice : kTwoDevices; }
};

OHMIC_REGISTER_DEVICE("pcm_hermes", PcmHermes);

}  // namespace
}  // namespace ohmic
