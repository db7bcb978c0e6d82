// uniform - error evenly spread over an interval
//
// Theory. Write and verify with a window and nothing known of where in it a device stops.
//
// Equation. With $u$ uniform in (0, 1) and $h$ half the width of the interval,
//
// ```math
// G = \mathrm{clip}(G_T + h (2 u - 1))
// ```
//
// `size` is a fraction of g_max and `meaning` says of what: half_width $h$, width $2 h$, or std
// $h/\sqrt 3$.
//
// Source. Definition.
//
// Limits. None.

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Uniform final : public DeviceModel {
 public:
  enum class Meaning { half_width, width, std };

  double size = 0.0;
  Meaning meaning = Meaning::std;
  Clip clip = Clip::positive;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    return {{UniformError{half_width_S(), bounds_of(clip, g_min_S, g_max_S)}}};
  }

  double uniform_sigma_S(const LayerScale&) const override {
    return clip == Clip::none || size == 0 ? half_width_S() / std::sqrt(3.0) : -1.0;
  }

  static const Schema<Uniform>& schema() {
    static const Schema<Uniform> schema = [] {
      Schema<Uniform> s{"uniform", "Error evenly spread over an interval."};
      declare_common(s);
      s.add("size", &Uniform::size).unit("1").range(0, 10).doc("Size of the error over g_max.");
      s.add_choice(
           "meaning", &Uniform::meaning,
           {{"half_width", Meaning::half_width}, {"width", Meaning::width}, {"std", Meaning::std}})
          .doc("What `size` is: half the interval, the interval, or its standard deviation.");
      declare_clip(s);
      return s;
    }();
    return schema;
  }

 private:
  double half_width_S() const {
    const double size_S = size * g_max_S;
    if (meaning == Meaning::width) return 0.5 * size_S;
    return meaning == Meaning::std ? std::sqrt(3.0) * size_S : size_S;
  }
};

OHMIC_REGISTER_DEVICE("uniform", Uniform);

}  // namespace
}  // namespace ohmic
