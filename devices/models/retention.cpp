// retention - drift in time and temperature, in three laws
//
// Theory. Structural relaxation makes conductance fall as a power of time, charge loss with its
// logarithm, diffusion exponentially towards an end state, slower and slower where barriers differ
// (a stretched exponential). Each device has its own rate. Heat speeds all of them up (Arrhenius)
// and shifts the conductance itself in proportion.
//
// Equation. With $\nu_i = \nu + \sigma_\nu \xi$ (the keys nu and nu_std), one per device, and
// $\beta$ the key stretch,
//
// ```math
// G(t) = (1 + \alpha (T - T_\mathrm{ref})) \begin{cases}
// G_T \left(\max(t', t_0)/t_0\right)^{-\nu_i} & \text{power}
// \\ G_T \left(1 - \nu_i \ln(\max(t', t_0)/t_0)\right) & \text{logarithmic}
// \\ G_\mathrm{end} + (G_T - G_\mathrm{end}) \exp(-\nu_i\,(t'/t_0)^\beta) & \text{exponential}
// \end{cases}
// ```
//
// ```math
// t' = t \exp\left(\frac{E_a}{k_B} \left(\frac{1}{T_\mathrm{ref}} - \frac{1}{T}\right)\right)
// ```
//
// $G_\mathrm{end}$ is g_end_S or, as the key end says, $g_{\min}$, $g_{\max}$ or halfway between.
//
// Source. Definitions; the power law as in studies of phase-change memory, the stretched
// exponential after Kohlrausch, acceleration after Arrhenius with $k_B$ = 8.617333e-5 eV/K.
//
// Limits. $T$ is constant from programming on. Conductances are cut at 0.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

constexpr double kBoltzmann_eV_per_K = 8.617333262e-5;

class Retention final : public DeviceModel {
 public:
  enum class Law { power, logarithmic, exponential };
  enum class End { given, g_min, g_max, middle };

  Law law = Law::power;
  double nu = 0.0;
  double nu_std = 0.0;
  double t0_s = 1.0;
  double stretch = 1.0;
  End end = End::given;
  double g_end_S = 0.0;
  double temperature_K = 300.0;
  double reference_K = 300.0;
  double activation_eV = 0.0;
  double conductance_per_K = 0.0;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const override {
    return {{Relaxation{nu, nu_std, -std::numeric_limits<double>::infinity(), elapsed(age_s),
                        law == Law::exponential ? end_S() : 0.0, warmth(), law == Law::logarithmic,
                        bounds_of(Clip::positive, g_min_S, g_max_S)}}};
  }

  void validate() const override {
    DeviceModel::validate();
    const auto refuse = [](const char* key, const std::string& message) {
      throw ConfigError({{{}, key, message}});
    };
    if (law != Law::exponential && stretch != 1)
      refuse("stretch", "is of the exponential law; expected law = \"exponential\", or 1");
    if (law != Law::exponential && end != End::given)
      refuse("end", "is of the exponential law; expected law = \"exponential\", or \"g_end_S\"");
    if (end != End::given && g_end_S != 0)
      refuse("g_end_S", "is given, and end names another state; expected end = \"g_end_S\"");
  }

  static const Schema<Retention>& schema();

 private:
  double acceleration() const {
    return std::exp(activation_eV / kBoltzmann_eV_per_K * (1 / reference_K - 1 / temperature_K));
  }

  double warmth() const { return 1.0 + conductance_per_K * (temperature_K - reference_K); }

  double end_S() const {
    switch (end) {
      case End::g_min:
        return g_min_S;
      case End::g_max:
        return g_max_S;
      case End::middle:
        return 0.5 * (g_min_S + g_max_S);
      default:
        return g_end_S;
    }
  }

  /// What a rate is of at this age.
  double elapsed(double age_s) const {
    const double t = age_s * acceleration() / t0_s;
    return law == Law::exponential ? std::pow(t, stretch) : std::log(std::max(t, 1.0));
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
    s.add("stretch", &Retention::stretch)
        .unit("1")
        .above(0)
        .doc("Power of time in the exponential law: below 1 a stretched exponential.");
    s.add_choice("end", &Retention::end,
                 {{"g_end_S", End::given},
                  {"g_min", End::g_min},
                  {"g_max", End::g_max},
                  {"middle", End::middle}})
        .doc("State that exponential retention ends at; middle: halfway from g_min to g_max.");
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
