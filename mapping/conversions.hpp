// The units a designer thinks in, each way: eta, SNR, dB, microsiemens, per cent of g_max, bits.
#pragma once

#include <string>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic {

/// One layer's noise in every unit. Equivalent bits: the uniform quantiser over [-w_max, w_max]
/// whose error step/sqrt(12) has this std: log2(2 w_max / (sqrt(12) sigma_noise)).
struct NoiseUnits {
  std::string layer;
  double sigma_w = 0, w_max = 0, weight_per_S = 0;
  double eta = 0;              ///< sigma_noise / sigma_w
  double snr = 0, snr_dB = 0;  ///< 1/eta, -20 log10(eta)
  double sigma_G_uS = 0;       ///< per device
  double sigma_G_percent = 0;  ///< of g_max
  double bits = 0;
};

NoiseUnits from_eta(double eta, const LayerScale& scale, double g_max_S);
NoiseUnits from_sigma_S(double sigma_S, const LayerScale& scale, double g_max_S);

double eta_from_snr_dB(double dB);
double snr_dB_from_eta(double eta);

}  // namespace ohmic
