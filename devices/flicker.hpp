// What models of phase-change memory share: 1/f noise at each read.
#pragma once

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {

class FlickeringDevice : public FittedDevice {
 protected:
  /// Std |G| Q(r) sqrt(ln((t + t_0 + t_read) / (2 t_read))) of a device read for t_read at `age_s`.
  template <class Amplitude>
  FlickerRead<Amplitude> flicker(const Amplitude& Q, double age_s, double t0_s,
                                 double t_read_s) const {
    const double time = (age_s + t0_s + t_read_s) / (2 * t_read_s);
    return {Q, g_max_S, read_scale * std::sqrt(std::log(time))};
  }
};

template <class Model>
void declare_read_time(Schema<Model>& s) {
  s.add("t_read_s", &Model::t_read_s).unit("s").above(0).usual(0, 1).doc("Duration of one read.");
}

}  // namespace ohmic
