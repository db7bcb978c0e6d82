// ideal - devices that hold exactly what is written
//
// Theory. The limit in which only the mapping and the periphery are left: conductances are
// continuous, stable and read without noise. The baseline of every comparison.
//
// Equation.
//
// ```math
// G = G_T
// ```
//
// Source. Definition.
//
// Limits. None; [g_min, g_max] still sets the scale that wires and converters see.

#include "simulator/device_model.hpp"

namespace ohmic {
namespace {

class Ideal final : public DeviceModel {
 public:
  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    return std::vector<DeviceEffect>{};
  }
  double uniform_sigma_S(const LayerScale&) const override { return 0.0; }

  static const Schema<Ideal>& schema() {
    static const Schema<Ideal> schema = [] {
      Schema<Ideal> s{"ideal", "Devices that hold exactly what is written."};
      declare_common(s);
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("ideal", Ideal);

}  // namespace
}  // namespace ohmic
