// inverse_proportional - error that grows as the conductance falls
//
// Theory. Devices whose resistance, not conductance, is written with a fixed absolute error near
// the top of the range: low states are the worst.
//
// Equation. With $a$ the key std_relative, the std at g_max over g_max, and $f$ the key floor,
// which keeps the error finite at $G = 0$,
//
// ```math
// G = \mathrm{clip}\left(G_T + \frac{a g_{\max}^2}{\max(G_T, f g_{\max})} \xi\right)
// ```
//
// Source. Definition.
//
// Limits. Below $f g_{\max}$ the error no longer grows.

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class InverseProportional final : public DeviceModel {
 public:
  double std_relative = 0.0;
  double floor = 0.1;
  Clip clip = Clip::positive;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    return {{InverseError{std_relative * g_max_S * g_max_S, floor * g_max_S,
                          bounds_of(clip, g_min_S, g_max_S)}}};
  }

  static const Schema<InverseProportional>& schema() {
    static const Schema<InverseProportional> schema = [] {
      Schema<InverseProportional> s{"inverse_proportional",
                                    "Error that grows as the conductance falls."};
      declare_common(s);
      s.add("std_relative", &InverseProportional::std_relative)
          .unit("1")
          .range(0, 10)
          .doc("Std of a device at g_max over g_max.");
      s.add("floor", &InverseProportional::floor)
          .unit("1")
          .above(0)
          .doc("Fraction of g_max below which the error grows no further.");
      declare_clip(s);
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("inverse_proportional", InverseProportional);

}  // namespace
}  // namespace ohmic
