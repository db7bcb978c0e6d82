// The noise with which a device is read, anew each time: a few numbers per kind and one inline
// function for its std, compiled for the host and for CUDA from the same text (device_effect.hpp).
//
// G_T is the conductance that was aimed at, G the one that the device holds.
#pragma once

#include <cmath>
#include <cstdint>

#include "simulator/device_effect.hpp"

namespace ohmic {

/// Q(r) = min(scale / max(r^exponent, least), most).
struct PowerFit {
  double scale, exponent, least, most;

  OHMIC_HOST_DEVICE double operator()(double r) const {
    const double power = exp_of(exponent * log_of(r));
    return clamp_to(0, most, scale / (power > least ? power : least));
  }
};

/// sigma = |G| Q(r) span, r = max(G_T / g_ref, 1e-7): the 1/f noise of phase-change memory, span
/// being what has come together until the read.
template <class Amplitude>
struct FlickerRead {
  Amplitude Q;
  double g_ref_S, span;

  OHMIC_HOST_DEVICE double sigma_S(double target_S, double G_S) const {
    const double ratio = target_S / g_ref_S;
    const double r = ratio > 1e-7 ? ratio : 1e-7;
    return (G_S < 0 ? -G_S : G_S) * Q(r) * span;
  }
};

/// sigma = unit_S ln(max(G / g_ref, 1)).
struct LogarithmicRead {
  double unit_S, g_ref_S;

  OHMIC_HOST_DEVICE double sigma_S(double, double G_S) const {
    const double r = G_S / g_ref_S;
    return unit_S * log_of(r > 1 ? r : 1);
  }
};

/// sigma = scale fit(G).
struct SaturatingRead {
  SaturatingFit fit;
  double scale;

  OHMIC_HOST_DEVICE double sigma_S(double, double G_S) const { return scale * fit(G_S); }
};

/// Std of the sum of two independent noises. What adds to nothing keeps its bits: a square's root
/// is exact.
OHMIC_HOST_DEVICE double in_quadrature(double a, double b) { return std::sqrt(a * a + b * b); }

/// Std of a device's reads behind wires, which weaken its noise as they weaken its current: exactly
/// so for drops that other cells cause, an upper bound for its own.
OHMIC_HOST_DEVICE double behind_wires(double sigma_S, double alone_S, double wired_S) {
  if (alone_S == 0) return sigma_S;
  const double ratio = wired_S / alone_S;
  return sigma_S * (ratio < 0 ? -ratio : ratio);
}

/// One of them.
struct DeviceRead {
  enum class Kind : std::uint8_t { power_flicker, piecewise_flicker, logarithmic, saturating };

  DeviceRead(const FlickerRead<PowerFit>& r) : kind(Kind::power_flicker), power_flicker(r) {}
  DeviceRead(const FlickerRead<PiecewiseFit>& r)
      : kind(Kind::piecewise_flicker), piecewise_flicker(r) {}
  DeviceRead(const LogarithmicRead& r) : kind(Kind::logarithmic), logarithmic(r) {}
  DeviceRead(const SaturatingRead& r) : kind(Kind::saturating), saturating(r) {}

  Kind kind;
  std::uint8_t stage = 0;  ///< entry of a stack: it sees that entry's G_T and G
  union {
    FlickerRead<PowerFit> power_flicker;
    FlickerRead<PiecewiseFit> piecewise_flicker;
    LogarithmicRead logarithmic;
    SaturatingRead saturating;
  };

  /// run(read) with the read itself.
  template <class Run>
  OHMIC_HOST_DEVICE auto with(const Run& run) const {
    switch (kind) {
      case Kind::power_flicker:
        return run(power_flicker);
      case Kind::piecewise_flicker:
        return run(piecewise_flicker);
      case Kind::logarithmic:
        return run(logarithmic);
      default:
        return run(saturating);
    }
  }
};

}  // namespace ohmic
