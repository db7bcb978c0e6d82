// retention - drift in time and temperature, in three laws
//
// Theory. Structural relaxation makes conductance fall as a power of time, charge loss with its
// logarithm, diffusion exponentially towards an end state. Each device has its own rate. Heat
// speeds all of them up (Arrhenius) and shifts the conductance itself in proportion.
//
// Equation. With $\nu_i = \nu + \sigma_\nu \xi$ (the keys nu and nu_std), one per device,
//
// ```math
// G(t) = (1 + \alpha (T - T_\mathrm{ref})) \begin{cases}
// G_T \left(\max(t', t_0)/t_0\right)^{-\nu_i} & \text{power}
// \\ G_T \left(1 - \nu_i \ln(\max(t', t_0)/t_0)\right) & \text{logarithmic}
// \\ G_\mathrm{end} + (G_T - G_\mathrm{end}) \exp(-\nu_i\,t'/t_0) & \text{exponential}
// \end{cases}
// ```
//
// ```math
// t' = t \exp\left(\frac{E_a}{k_B} \left(\frac{1}{T_\mathrm{ref}} - \frac{1}{T}\right)\right)
// ```
//
// Source. Definitions; the power law as in studies of phase-change memory, acceleration after
// Arrhenius with $k_B$ = 8.617333e-5 eV/K.
//
// Limits. $T$ is constant from programming on. Conductances are cut at 0.

#include <algorithm>
#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

constexpr double kBoltzmann_eV_per_K = 8.617333262e-5;

class Retention final : public DeviceModel {
 public:
  enum class Law { power, logarithmic, exponential };

  Law law = Law::power;
  double nu = 0.0;
  double nu_std = 0.0;
  double t0_s = 1.0;
  double g_end_S = 0.0;
  double temperature_K = 300.0;
  double reference_K = 300.0;
  double activation_eV = 0.0;
  double conductance_per_K = 0.0;

  void program(const DeviceBlock&, std::span<const double> target_S,
               std::span<double> G_S) const override {
    const double warm = warmth();
    for (std::size_t i = 0; i < G_S.size(); ++i) G_S[i] = std::max(target_S[i] * warm, 0.0);
  }

  void drift(const DeviceBlock& block, double age_s, std::span<const double> target_S,
             std::span<double> G_S) const override {
    if (nu_std > 0)
      block.normals(Stream::drift, 0, G_S);
    else
      std::fill(G_S.begin(), G_S.end(), 0.0);
    const double t = age_s * acceleration() / t0_s;
    const double log_t = std::log(std::max(t, 1.0));
    switch (law) {
      case Law::power:
        return age(target_S, G_S, [&](double G, double rate) { return G * exp_of(-rate * log_t); });
      case Law::logarithmic:
        return age(target_S, G_S, [&](double G, double rate) { return G * (1.0 - rate * log_t); });
      case Law::exponential:
        return age(target_S, G_S, [&](double G, double rate) {
          return g_end_S + (G - g_end_S) * exp_of(-rate * t);
        });
    }
  }

  static const Schema<Retention>& schema();

 private:
  double acceleration() const {
    return std::exp(activation_eV / kBoltzmann_eV_per_K * (1 / reference_K - 1 / temperature_K));
  }

  double warmth() const { return 1.0 + conductance_per_K * (temperature_K - reference_K); }

  /// `G_S` holds each device's deviation from the mean rate and becomes its conductance.
  template <class Aged>
  void age(std::span<const double> target_S, std::span<double> G_S, const Aged& aged) const {
    const double warm = warmth(), mean = nu, std = nu_std;
    for (std::size_t i = 0; i < G_S.size(); ++i)
      G_S[i] = std::max(aged(target_S[i], mean + std * G_S[i]) * warm, 0.0);
  }
};

const Schema<Retention>& Retention::schema() {
  static const Schema<Retention> schema = [] {
    Schema<Retention> s{"retention", "Drift in time and temperature, in three laws."};
    declare_common(s);
    s.add_choice("law", &Retention::law,
                 {{"power", Law::power},
                  {"logarithmic", Law::logarithmic},
                  {"exponential", Law::exponential}})
        .doc("How conductance falls with time.");
    s.add("nu", &Retention::nu).unit("1").range(-10, 10).doc("Mean rate of a device.");
    s.add("nu_std", &Retention::nu_std).unit("1").range(0, 10).doc("Std of the rate over devices.");
    s.add("t0_s", &Retention::t0_s)
        .unit("s")
        .above(0)
        .doc("Time that ages are measured in; power and logarithmic drift start there.");
    s.add("g_end_S", &Retention::g_end_S)
        .unit("S")
        .range(0, 1)
        .usual(0, kUsualConductance_S)
        .doc("Conductance that exponential retention ends at.");
    s.add("temperature_K", &Retention::temperature_K)
        .unit("K")
        .range(1, 1000)
        .usual(200, 500)
        .doc("Temperature of the chip since programming.");
    s.add("reference_K", &Retention::reference_K)
        .unit("K")
        .range(1, 1000)
        .usual(200, 500)
        .doc("Temperature at which nu and t0_s were measured.");
    s.add("activation_eV", &Retention::activation_eV)
        .unit("eV")
        .range(0, 10)
        .doc("Activation energy: time runs exp(E_a/k_B (1/T_ref - 1/T)) times as fast.");
    s.add("conductance_per_K", &Retention::conductance_per_K)
        .unit("1/K")
        .range(-0.1, 0.1)
        .doc("Relative change of conductance per kelvin above the reference.");
    return s;
  }();
  return schema;
}

OHMIC_REGISTER_DEVICE("retention", Retention);

}  // namespace
}  // namespace ohmic
