// Drift and 1/f read noise in the form that models of phase-change memory share.
#pragma once

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {

/// Ages conductances by ((t + t_0)/t_0)^(-nu) with nu = |mu + sigma xi| scale, one xi per device.
/// `exponent(r, mu, sigma)` gives the moments of nu at r = max(G_target / g_max, 1e-7).
template <class Exponent>
void power_law_drift(const DeviceBlock& block, double age_s, double t0_s, double g_max_S,
                     double scale, std::span<const double> target_S, std::span<double> G_S,
                     const Exponent& exponent) {
  std::vector<double> xi(G_S.size());
  block.normals(Stream::drift, 0, std::span(xi));
  const double log_time = std::log((age_s + t0_s) / t0_s);
  for (std::size_t i = 0; i < G_S.size(); ++i) {
    const double ratio = target_S[i] / g_max_S;
    const double r = ratio > 1e-7 ? ratio : 1e-7;
    double mu, sigma;
    exponent(r, mu, sigma);
    const double nu = std::abs(mu + sigma * xi[i]) * scale;
    G_S[i] *= exp_of(-nu * log_time);
  }
}

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
