// read_disturb - conductance that falls as the device is read
//
// Theory. A read is a weak write: of the polarity that resets, it drives oxygen vacancies out of
// the filament of a device of low resistance, the faster the higher the voltage. Nothing is seen
// until the reads, taken together, have lasted a transition time; from then on the conductance
// falls as a power of that time. Set and reset cycles that the device has seen before bring the
// transition forward.
//
// Equation. With $n$ the key reads, $t$ = $n\,t_\mathrm{read}$ the time under the read voltage $V$
// and one $\xi$ per device,
//
// ```math
// \begin{aligned}
// G &= G_\mathrm{end} + (G_T - G_\mathrm{end}) \left(\frac{\max(t,\ t_t)}{t_t}\right)^{-p_i}
// \\ p_i &= p\,\max(0,\ 1 + \sigma \xi), \qquad
//   p = c \exp\left(\frac{a\,|V|}{k_B T / q}\right)
// \\ t_t &= t_0 \left(A (1 - k N^m)\right)^{1/p}
// \end{aligned}
// ```
//
// with $c$ = 0.0068, $a$ = 0.11, $t_0$ = 15.5 ns, $A$ = 1.43339, $k$ = 0.003, $m$ = 0.41, $N$ the
// key cycles, $G_\mathrm{end}$ the key g_end_S, $\sigma$ the key exponent_std and
// $k_B$ = 8.617333e-5 eV/K. At 0.2 V and 300 K, $p$ = 0.0159 and $t_t$ = 102 s: a thousand million
// reads of 100 ns; at 0.5 V 0.0571 and 8.51 us.
//
// Reads are spread evenly over the age of the device: at an earlier one there were fewer. At
// time_s = 0 all of them are past. In a stack, where the model goes behind any other, the key of
// entry 1 is device.models.1.reads, to be set and swept like time_s.
//
// Source. C.-M. Jiang et al., An Analytical Model of Read-Disturb Failure Time in a Post-Cycling
// Resistive Switching Memory (ieeexplore.ieee.org/document/9580480), in the form and with the
// constants of analog-cim-sim (rpelke/analog-cim-sim, cpp/src/xbar/read_disturb.cpp at 09085ce),
// which says that it took $A$ from that paper's figures and applies the law to the state of low
// resistance alone.
//
// Limits. That states between fall in the same proportion ($G_\mathrm{end}$ = 0), or only what is
// above the lowest state does ($G_\mathrm{end}$ = $g_{\min}$), is an assumption, and so is the
// spread of exponents. Reads of the other polarity, which set, are not modelled, nor is what
// half-selected devices suffer. All devices are read equally often and at the full voltage.
// $k N^m$ must stay below 1.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

constexpr double kBoltzmann_V_per_K = 8.617333262e-5;

class ReadDisturb final : public DeviceModel {
 public:
  double reads = 0.0;
  double t_read_s = 100e-9;
  double v_read_V = 0.2;
  double cycles = 0.0;
  double temperature_K = 300.0;
  double exponent_std = 0.0;
  double g_end_S = 0.0;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    const double log_ratio = log_of_transitions(read_until(age_s) * t_read_s);
    if (log_ratio <= 0) return std::vector<DeviceEffect>{};
    const double p = exponent();
    return {{Relaxation{p, p * exponent_std, 0.0, log_ratio, g_end_S, 1.0, false,
                        bounds_of(Clip::none, g_min_S, g_max_S)}}};
  }

  void validate() const override {
    DeviceModel::validate();
    if (onset() > 0) return;
    const auto most = static_cast<std::int64_t>(std::pow(1 / kWear, 1 / kWearPower));
    throw ConfigError(
        {{{},
          "cycles",
          Value{cycles}.text() + " cycles leave no transition time; expected at most " +
              std::to_string(most)}});
  }

  static const Schema<ReadDisturb>& schema() {
    static const Schema<ReadDisturb> schema = [] {
      using M = ReadDisturb;
      Schema<M> s{"read_disturb", "Conductance that falls as the device is read."};
      declare_common(s);
      s.add("reads", &M::reads)
          .unit("1")
          .range(0, 1e18)
          .doc("Reads of every device up to time_s, evenly spread; at time_s = 0 all are past.");
      s.add("t_read_s", &M::t_read_s)
          .unit("s")
          .above(0)
          .usual(1e-10, 1e-3)
          .doc("Time that one read lasts.");
      s.add("v_read_V", &M::v_read_V)
          .unit("V")
          .range(0, 2)
          .doc("Voltage of a read, which drives every row in full.");
      s.add("cycles", &M::cycles)
          .unit("1")
          .at_least(0)
          .doc("Set and reset cycles that the devices have seen.");
      s.add("temperature_K", &M::temperature_K)
          .unit("K")
          .range(1, 1000)
          .usual(200, 500)
          .doc("Temperature while reading.");
      s.add("exponent_std", &M::exponent_std)
          .unit("1")
          .range(0, 10)
          .doc("Std of the exponent over devices, relative to its mean.");
      s.add("g_end_S", &M::g_end_S)
          .unit("S")
          .range(0, 1)
          .usual(0, kUsualConductance_S)
          .doc("Conductance that reads lead to.");
      return s;
    }();
    return schema;
  }

 private:
  static constexpr double kExponent = 0.0068, kVoltage = 0.11, kT0_s = 1.55e-8, kOnset = 1.43339,
                          kWear = 0.003, kWearPower = 0.41;

  double exponent() const {
    return kExponent *
           std::exp(kVoltage * std::abs(v_read_V) / (kBoltzmann_V_per_K * temperature_K));
  }
  /// What is left of 1 by wear.
  double onset() const { return 1.0 - kWear * std::pow(cycles, kWearPower); }

  double read_until(double age_s) const {
    return time_s > 0 ? reads * std::min(age_s / time_s, 1.0) : reads;
  }

  /// ln(t/t_t), -infinity before the first read.
  double log_of_transitions(double stress_s) const {
    return std::log(stress_s / kT0_s) - std::log(kOnset * onset()) / exponent();
  }
};

OHMIC_REGISTER_DEVICE("read_disturb", ReadDisturb);

}  // namespace
}  // namespace ohmic
