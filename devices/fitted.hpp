// What models fitted to measured arrays have in common: knobs that scale each published effect, and
// the clip policy. With a knob at 0 the effect is gone and the other effects' draws are untouched.
#pragma once

#include "simulator/device_model.hpp"
#include "simulator/elementary.hpp"

namespace ohmic {

constexpr double kMicro = 1e-6;  ///< siemens per microsiemens

/// c[0] + c[1] x + c[2] x^2 + ...
template <std::size_t n>
OHMIC_HOST_DEVICE double polynomial(const double (&c)[n], double x) {
  double y = c[n - 1];
  for (std::size_t i = n - 1; i-- > 0;) y = y * x + c[i];
  return y;
}

OHMIC_HOST_DEVICE double clamp_to(double low, double high, double x) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

class FittedDevice : public DeviceModel {
 public:
  double programming_scale = 1.0;
  double drift_scale = 1.0;
  double read_scale = 1.0;
  Clip clip = Clip::positive;

  bool reads_noisily() const override { return read_scale > 0; }

 protected:
  void apply_own_clip(std::span<double> G_S) const { apply_clip(clip, g_min_S, g_max_S, G_S); }

  /// G = clip(G_T + unit_S max(sigma(G_T), 0) xi), one xi per device.
  template <class Sigma>
  void write_with_error(const DeviceBlock& block, double unit_S, std::span<const double> target_S,
                        std::span<double> G_S, const Sigma& sigma) const {
    block.normals(Stream::programming, 0, G_S);
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      const double std = sigma(target_S[i]);
      G_S[i] = target_S[i] + unit_S * (std > 0 ? std : 0) * G_S[i];
    }
    apply_own_clip(G_S);
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
