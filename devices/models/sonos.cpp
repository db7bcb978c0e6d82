// sonos - charge-trap memory (silicon-oxide-nitride-oxide-silicon) in subthreshold
//
// Theory. The read current depends exponentially on the trapped charge, so its error grows with the
// current and saturates. Charge loss widens the distribution over days; a device keeps its place in
// it. Each read has noise of the same shape.
//
// Equation. With $I = G V_\mathrm{read}$ in nA and one $\xi$ per device,
//
// ```math
// \begin{aligned}
// I(t) &= \mathrm{clip}(I_T + \sigma_I \xi)
// \\ \sigma_I &= A \left(1 - e^{-I_T/B}\right)
// \end{aligned}
// ```
//
// | days | 0 | 1 | 2 | 3 | 4 | 5 |
// | --- | --- | --- | --- | --- | --- | --- |
// | $A$ in nA | 19.887 | 25.591 | 28.728 | 31.043 | 33.762 | 34.579 |
// | $B$ in nA | 176.31 | 186.855 | 193.568 | 198.903 | 204.770 | 207.343 |
//
// linear between, constant after five days; read noise: $A$ = 12.580, $B$ = 215.366.
//
// Source. S. Agarwal et al., IEEE JxCDC 5 (2019); T. P. Xiao et al., IEEE TCAS-I 69 (2022); $I$ up
// to 3200 nA.
//
// Limits. No drift of the mean is published. g_max_S v_read_V must stay below 3.2 uA.

#include <algorithm>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

constexpr double kA_nA[6] = {19.887, 25.591, 28.728, 31.043, 33.762, 34.579};
constexpr double kB_nA[6] = {176.31, 186.855, 193.568, 198.903, 204.770, 207.343};

class Sonos final : public FittedDevice {
 public:
  double v_read_V = 0.1;

  Sonos() { g_max_S = 32e-6; }

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    const double days = std::min(age_s / kDay_s, 5.0);
    const int day = std::min(static_cast<int>(days), 4);
    const double part = days - day;
    const double A = kA_nA[day] + part * (kA_nA[day + 1] - kA_nA[day]);
    const double B = kB_nA[day] + part * (kB_nA[day + 1] - kB_nA[day]);
    DeviceEffect spread = SaturatingError{{A, B, v_read_V}, programming_scale, bounds()};
    spread.ages = age_s > 0;
    return {{spread}};
  }
  std::optional<std::vector<DeviceRead>> reads(double) const override {
    return {{SaturatingRead{{12.580, 215.366, v_read_V}, read_scale}}};
  }
  MeasuredRange measured() const override { return {0, 3200e-9 / v_read_V, 5 * kDay_s}; }

  void validate() const override {
    DeviceModel::validate();
    if (g_max_S * v_read_V > 3200e-9 * (1 + 1e-9))
      throw ConfigError({{{},
                          "g_max_S",
                          "g_max_S v_read_V is " + Value{g_max_S * v_read_V * 1e9}.text() +
                              " nA; the fit ends at 3200 nA"}});
  }

  static const Schema<Sonos>& schema() {
    static const Schema<Sonos> schema = [] {
      Schema<Sonos> s{"sonos", "SONOS charge-trap memory: spread that grows in days, read noise."};
      declare_common(s);
      s.add("v_read_V", &Sonos::v_read_V)
          .unit("V")
          .above(0)
          .usual(0, 5)
          .doc("Read voltage: the fit is in currents.");
      declare_programming_scale(s);
      declare_read_scale(s);
      declare_clip(s);
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("sonos", Sonos);

}  // namespace
}  // namespace ohmic
