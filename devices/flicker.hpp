// 1/f read noise in the form that models of phase-change memory share.
#pragma once

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {

/// Std of 1/f noise of a device read for t_read at `age_s`: |G| Q(r) sqrt(ln((t + t_0 + t_read) /
/// (2 t_read))).
template <class Amplitude>
void flicker_sigma(double age_s, double t0_s, double t_read_s, double g_max_S, double scale,
                   std::span<const double> target_S, std::span<const double> G_S,
                   std::span<double> sigma_S, const Amplitude& Q) {
  const double span = scale * std::sqrt(std::log((age_s + t0_s + t_read_s) / (2 * t_read_s)));
  for (std::size_t i = 0; i < G_S.size(); ++i) {
    const double ratio = target_S[i] / g_max_S;
    const double r = ratio > 1e-7 ? ratio : 1e-7;
    sigma_S[i] = std::abs(G_S[i]) * Q(r) * span;
  }
}

template <class Model>
void declare_read_time(Schema<Model>& s) {
  s.add("t_read_s", &Model::t_read_s).unit("s").above(0).doc("Duration of one read.");
}

}  // namespace ohmic
