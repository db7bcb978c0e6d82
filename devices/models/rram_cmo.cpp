// rram_cmo - conductive-metal-oxide / HfOx resistive memory
//
// Theory. Write and verify stops inside an acceptance window; conductance then relaxes
// logarithmically in time, with a spread that grows the same way. Reads see 1/f noise.
//
// Equation. With $g$ in $\mu\mathrm{S}$, clamped to [g_min, g_max], and $t$ in s, programming
// leaves $g_p = g_T + \sigma_p \xi$ with
//
// ```math
// \sigma_p = \begin{cases}
// 0.00081107 + 0.00106879\,g_T & \text{acceptance of 0.2 percent}
// \\ 0.0112185391 + 0.01129027418\,g_T & \text{acceptance of 2 percent}
// \end{cases}
// ```
//
// Relaxation starts at $t$ = 1 s, with one $\xi$ per device; a read has the std
// $\sigma_\mathrm{read}$ for $g$ > 1:
//
// ```math
// \begin{aligned}
// g(t) &= g_p - 0.08900206 \ln t + (0.04201137 \ln t + 0.41183342)\,\xi
// \\ \sigma_\mathrm{read} &= 0.0277316483\,\log_{10}(g)
//   \sqrt{\ln \frac{t + 1\,\mu\mathrm{s}}{2\,\mu\mathrm{s}}}
// \end{aligned}
// ```
//
// Source. Fits to arrays of CMO/HfOx devices as in the AIHWKit, measured for 9 to 88.2 uS; meant
// for one device per weight.
//
// Limits. Right after programming (time_s = 0) only the programming error is there; the read noise
// starts at $t$ = 1 us. Ages beyond a day count as extrapolated.

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class RramCmo final : public FittedDevice {
 public:
  enum class Acceptance { fine, coarse };

  Acceptance acceptance = Acceptance::fine;

  RramCmo() {
    g_min_S = 9e-6;
    g_max_S = 88.2e-6;
    clip = Clip::range;
  }

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    const bool fine = acceptance == Acceptance::fine;
    const double sigma_S[2] = {kMicro * (fine ? 0.00081107 : 0.0112185391),
                               fine ? 0.00106879 : 0.01129027418};
    std::vector<DeviceEffect> all{error(programming_scale, 1.0, sigma_S)};
    if (age_s >= 1) all.push_back(relaxation(std::log(age_s)));
    return all;
  }

  std::optional<std::vector<DeviceRead>> reads(double age_s) const override {
    const double span = std::sqrt(std::log(std::max(age_s + 1e-6, 2e-6) / 2e-6));
    const double unit_S = read_scale * 0.0277316483 / std::log(10.0) * kMicro * span;
    return {{LogarithmicRead{unit_S, kMicro}}};
  }
  MeasuredRange measured() const override { return {9e-6, 88.2e-6, kDay_s}; }

  static const Schema<RramCmo>& schema() {
    static const Schema<RramCmo> schema = [] {
      Schema<RramCmo> s{"rram_cmo", "CMO/HfOx resistive memory: programming, relaxation, reads."};
      declare_common(s);
      s.add_choice("acceptance", &RramCmo::acceptance,
                   {{"0.2%", Acceptance::fine}, {"2%", Acceptance::coarse}})
          .doc("Window of write and verify.")
          .source("AIHWKit, CMO/HfOx arrays");
      declare_effects(s);
      return s;
    }();
    return schema;
  }

 private:
  NormalDrift relaxation(double log_t) const {
    return {-0.08900206 * kMicro * log_t * drift_scale,
            (0.04201137 * log_t + 0.41183342) * kMicro * drift_scale, bounds()};
  }
};

OHMIC_REGISTER_DEVICE("rram_cmo", RramCmo);

}  // namespace
}  // namespace ohmic
