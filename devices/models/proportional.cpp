// proportional - error in proportion to the conductance
//
// Theory. The simplest state-dependent error: every device has the same relative accuracy, as when
// writing stops at a relative tolerance.
//
// Equation.  G = clip(G_T (1 + a xi))
//
// Source. Definition.
// Limits. Devices at G = 0 are perfect, which flatters one-sided mappings with g_min = 0.

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Proportional final : public DeviceModel {
 public:
  double std_relative = 0.0;
  Clip clip = Clip::positive;

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    block.normals(Stream::programming, 0, G_S);
    for (std::size_t i = 0; i < G_S.size(); ++i)
      G_S[i] = target_S[i] + std_relative * target_S[i] * G_S[i];
    apply_clip(clip, g_min_S, g_max_S, G_S);
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
