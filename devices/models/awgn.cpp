// awgn - additive white Gaussian conductance noise
//
// Theory. Every device misses its target by an independent normal error whose standard deviation
// $\sigma_G$ is the same for all devices of a layer. eta says how large it is:
//
// | reference | meaning of eta | $\sigma_G$ |
// | --- | --- | --- |
// | sigma_w | std of a weight's noise over the weights' std | $\eta \sigma_w / (s \sqrt d)$ |
// | w_max | the same over the layer's largest weight | $\eta w_{\max} / (s \sqrt d)$ |
// | g_max | std of one device over g_max | $\eta g_{\max}$ |
// | g_range | std of one device over g_max - g_min | $\eta (g_{\max} - g_{\min})$ |
//
// with $s$ the weight per siemens of the layer and $d$ the devices whose errors add in one weight
// (2 for a differential pair: $w = s (G^+ - G^-)$).
//
// Equation.
//
// ```math
// G = \mathrm{clip}(G_T + \sigma_G \xi), \qquad \xi \sim N(0, 1)
// ```
//
// clip = "none" keeps the noise white and free of bias, at the price of conductances outside
// [g_min, g_max] or below 0, which no device has. A physical clip turns an idle device's error into
// a half-normal: a one-sided differential weight far from 0 then gets, in units of $s \sigma_G$, a
// bias of $-\mathrm{sign}(w)/\sqrt{2 \pi} = -0.399 \cdot \mathrm{sign}(w)$ and a std of
// $\sqrt{3/2 - 1/(2 \pi)} = 1.158$ instead of 0 and $\sqrt 2$.
//
// Source. The form factor $\eta = \sigma_\mathrm{noise}/\sigma_w$ is that of studies of networks
// under analog weight noise (1/SNR); the clipped moments are those of the rectified normal
// distribution.
//
// Limits. Real devices' errors depend on the state: see pcm, rram_wan, sonos and others.

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Awgn final : public DeviceModel {
 public:
  enum class Reference { sigma_w, w_max, g_max, g_range };

  double eta = 0.0;
  Reference reference = Reference::sigma_w;
  Clip clip = Clip::none;

  std::optional<std::vector<DeviceEffect>> effects(const LayerScale& scale, double) const override {
    return {
        {NormalError{{uniform_sigma_S(scale)}, 1.0, 1.0, 0.0, bounds_of(clip, g_min_S, g_max_S)}}};
  }

  double form_factor() const override { return reference == Reference::sigma_w ? eta : -1.0; }

  double uniform_sigma_S(const LayerScale& scale) const override {
    const double per_weight = scale.weight_per_S * std::sqrt(scale.devices_per_weight);
    switch (reference) {
      case Reference::sigma_w:
        return eta * scale.sigma_w / per_weight;
      case Reference::w_max:
        return eta * scale.w_max / per_weight;
      case Reference::g_max:
        return eta * g_max_S;
      case Reference::g_range:
        return eta * (g_max_S - g_min_S);
    }
    return 0.0;
  }

  static const Schema<Awgn>& schema() {
    static const Schema<Awgn> schema = [] {
      Schema<Awgn> s{"awgn", "Additive white Gaussian conductance noise."};
      declare_common(s);
      s.add("eta", &Awgn::eta)
          .unit("1")
          .range(0, 10)
          .doc("Std of the noise over that of its reference; for sigma_w the form factor 1/SNR.");
      s.add_choice("reference", &Awgn::reference,
                   {{"sigma_w", Reference::sigma_w},
                    {"w_max", Reference::w_max},
                    {"g_max", Reference::g_max},
                    {"g_range", Reference::g_range}})
          .doc(
              "What eta is a fraction of: the layer's weight std or largest weight (noise of a "
              "weight), g_max or g_max - g_min (noise of a device).");
      declare_clip(s);
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("awgn", Awgn);

}  // namespace
}  // namespace ohmic
