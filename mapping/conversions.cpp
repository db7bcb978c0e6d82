#include "mapping/conversions.hpp"

#include <cmath>

namespace ohmic {

double eta_from_snr_dB(double dB) { return std::pow(10.0, -dB / 20.0); }

double snr_dB_from_eta(double eta) { return -20.0 * std::log10(eta); }

NoiseUnits from_eta(double eta, const LayerScale& scale, double g_max_S) {
  const double sigma_noise = eta * scale.sigma_w;
  const double sigma_S = sigma_noise / (scale.weight_per_S * std::sqrt(scale.devices_per_weight));
  NoiseUnits u;
  u.sigma_w = scale.sigma_w;
  u.w_max = scale.w_max;
  u.weight_per_S = scale.weight_per_S;
  u.eta = eta;
  u.snr = 1.0 / eta;
  u.snr_dB = snr_dB_from_eta(eta);
  u.sigma_G_uS = sigma_S * 1e6;
  u.sigma_G_percent = 100.0 * sigma_S / g_max_S;
  u.bits = std::log2(2.0 * scale.w_max / (std::sqrt(12.0) * sigma_noise));
  return u;
}

NoiseUnits from_sigma_S(double sigma_S, const LayerScale& scale, double g_max_S) {
  const double sigma_noise = sigma_S * scale.weight_per_S * std::sqrt(scale.devices_per_weight);
  return from_eta(sigma_noise / scale.sigma_w, scale, g_max_S);
}

}  // namespace ohmic
