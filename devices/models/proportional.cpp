// proportional - error in proportion to the conductance
//
// Theory. The simplest state-dependent error: every device has the same relative accuracy, as when
// writing stops at a relative tolerance.
//
// Equation. With $a$ the key std_relative,
//
// ```math
// G = \mathrm{clip}(G_T (1 + a \xi))
// ```
//
// Source. Definition.
//
// Limits. Devices at $G = 0$ are perfect, which flatters one-sided mappings with g_min = 0.

#include <limits>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Proportional final : public DeviceModel {
 public:
  double std_relative = 0.0;
  Clip clip = Clip::positive;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    constexpr double kNoLimit = std::numeric_limits<double>::lowest();
    return {
        {NormalError{{0.0, std_relative}, 1.0, 1.0, kNoLimit, bounds_of(clip, g_min_S, g_max_S)}}};
  }

  static const Schema<Proportional>& schema() {
    static const Schema<Proportional> schema = [] {
      Schema<Proportional> s{"proportional", "Error in proportion to the conductance."};
      declare_common(s);
      s.add("std_relative", &Proportional::std_relative)
          .unit("1")
          .range(0, 10)
          .doc("Std of a device over its target conductance.");
      declare_clip(s);
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("proportional", Proportional);

}  // namespace
}  // namespace ohmic
