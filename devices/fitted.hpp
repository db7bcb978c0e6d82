// What models fitted to measured arrays have in common: knobs that scale each published effect, and
// the clip policy. With a knob at 0 the effect is gone and the other effects' draws are untouched.
#pragma once

#include <algorithm>
#include <iterator>

#include "simulator/device_model.hpp"
#include "simulator/elementary.hpp"

namespace ohmic {

constexpr double kMicro = 1e-6;  ///< siemens per microsiemens
constexpr double kDay_s = 86400;

class FittedDevice : public DeviceModel {
 public:
  double programming_scale = 1.0;
  double drift_scale = 1.0;
  double read_scale = 1.0;
  Clip clip = Clip::positive;

  bool reads_noisily() const override { return read_scale > 0; }

 protected:
  Bounds bounds() const { return bounds_of(clip, g_min_S, g_max_S); }

  /// sigma(r) = c[0] + c[1] r + ... times unit_S with r = G_T / g_ref_S; none where it is negative.
  template <std::size_t n>
  NormalError error(double unit_S, double g_ref_S, const double (&c)[n]) const {
    NormalError e{{}, unit_S, g_ref_S, 0.0, bounds()};
    static_assert(n <= std::size(e.c));
    std::copy(std::begin(c), std::end(c), std::begin(e.c));
    return e;
  }
};

template <class Model>
void declare_clip(Schema<Model>& s) {
  s.add_choice("clip", &Model::clip,
               {{"none", Clip::none}, {"positive", Clip::positive}, {"range", Clip::range}})
      .doc("Conductances outside their physical range: left, cut at 0, cut at [g_min, g_max].");
}

template <class Model>
void declare_programming_scale(Schema<Model>& s) {
  s.add("programming_scale", &Model::programming_scale)
      .unit("1")
      .range(0, 100)
      .doc("Programming error over the published one.");
}

template <class Model>
void declare_drift_scale(Schema<Model>& s) {
  s.add("drift_scale", &Model::drift_scale)
      .unit("1")
      .range(0, 100)
      .doc("Drift over the published one.");
}

template <class Model>
void declare_read_scale(Schema<Model>& s) {
  s.add("read_scale", &Model::read_scale)
      .unit("1")
      .range(0, 100)
      .doc("Std of read noise over the published one.");
}

/// All three effects and the clip.
template <class Model>
void declare_effects(Schema<Model>& s) {
  declare_programming_scale(s);
  declare_drift_scale(s);
  declare_read_scale(s);
  declare_clip(s);
}

}  // namespace ohmic
