// What happens to the conductance of one device: a few numbers per effect and one inline function,
// compiled for the host and for CUDA from the same text. A device holds the same bits wherever it
// is programmed.
//
// G_T is the conductance that was aimed at, G the one that the device holds before the effect; xi
// is the device's own standard normal, u its uniform number in (0, 1).
#pragma once

#include <cstdint>
#include <limits>

#include "simulator/elementary.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {

/// What a policy does with a conductance outside its physical range.
enum class Clip { none, positive, range };

/// Conductances beyond are cut there.
struct Bounds {
  double low_S, high_S;
  OHMIC_HOST_DEVICE double clip(double G_S) const {
    G_S = G_S < low_S ? low_S : G_S;
    return high_S < G_S ? high_S : G_S;
  }
};

OHMIC_HOST_DEVICE Bounds bounds_of(Clip clip, double g_min_S, double g_max_S) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  if (clip == Clip::none) return {-kFar, kFar};
  return clip == Clip::positive ? Bounds{0.0, kFar} : Bounds{g_min_S, g_max_S};
}

/// G = clip(G_T + unit_S max(sigma(r), lowest) xi), sigma(r) = c[0] + c[1] r + ..., r = G_T /
/// g_ref.
struct NormalError {
  double c[5];
  double unit_S, g_ref_S;
  double lowest;  ///< 0 where a fit that falls below it means no error
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double target_S, double, double xi) const {
    const double sigma = polynomial(c, target_S / g_ref_S);
    return bounds.clip(target_S + unit_S * (sigma > lowest ? sigma : lowest) * xi);
  }
};

/// G = clip(G_T + square / max(G_T, lowest) xi).
struct InverseError {
  double square_S2, lowest_S;
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double target_S, double, double xi) const {
    const double G_S = target_S > lowest_S ? target_S : lowest_S;
    return bounds.clip(target_S + square_S2 / G_S * xi);
  }
};

/// A (1 - exp(-|I| / B)) / v_read at the read current I = G v_read: what a std saturates like.
struct SaturatingFit {
  double A_nA, B_nA, v_read_V;

  OHMIC_HOST_DEVICE double operator()(double G_S) const {
    const double I_nA = G_S * v_read_V * 1e9;
    const double sigma_nA = A_nA * (1.0 - exp_of(-(I_nA > 0 ? I_nA : -I_nA) / B_nA));
    return sigma_nA * 1e-9 / v_read_V;
  }
};

/// G = clip(G_T + scale sigma(G_T) xi).
struct SaturatingError {
  SaturatingFit sigma;
  double scale;
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double target_S, double, double xi) const {
    return bounds.clip(target_S + scale * sigma(target_S) * xi);
  }
};

/// G = clip(G_T + half_width (2 u - 1)).
struct UniformError {
  double half_width_S;
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double target_S, double, double u) const {
    return bounds.clip(target_S + half_width_S * (2.0 * u - 1.0));
  }
};

/// clip(slope ln r + offset, low, high) below `threshold`, a polynomial of r from there on.
struct PiecewiseFit {
  double threshold, slope, offset, low, high;
  double above[4];

  OHMIC_HOST_DEVICE double operator()(double r, double log_r) const {
    const double logarithmic = clamp_to(low, high, slope * log_r + offset);
    return r < threshold ? logarithmic : polynomial(above, r);
  }
  OHMIC_HOST_DEVICE double operator()(double r) const { return (*this)(r, log_of(r)); }
};

/// G = clip(G exp(-nu ln((t + t_0)/t_0))), nu = |mu(r) + sigma(r) xi| scale, r = max(G_T / g_ref,
/// 1e-7): the power law of phase-change memory.
struct PowerDrift {
  PiecewiseFit mu, sigma;
  double log_time;  ///< ln((t + t_0)/t_0)
  double scale, g_ref_S;
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double target_S, double G_S, double xi) const {
    const double ratio = target_S / g_ref_S;
    const double r = ratio > 1e-7 ? ratio : 1e-7;
    const double log_r = log_of(r);
    const double drawn = mu(r, log_r) + sigma(r, log_r) * xi;
    const double nu = (drawn < 0 ? -drawn : drawn) * scale;
    return bounds.clip(G_S * exp_of(-nu * log_time));
  }
};

/// G = clip(G + mean + std xi).
struct NormalDrift {
  double mean_S, std_S;
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double, double G_S, double xi) const {
    return bounds.clip(G_S + (mean_S + std_S * xi));
  }
};

/// G = clip((G_end + (G_T - G_end) f) factor), f = exp(-nu x) or, where it is linear, 1 - nu x,
/// nu = max(rate + rate_std xi, lowest): on the way to an end state.
struct Relaxation {
  double rate, rate_std, lowest;
  double x;  ///< what rates are of: a time, a power or the logarithm of one; 0 leaves G_T factor
  double end_S, factor;
  bool is_linear;
  Bounds bounds;

  OHMIC_HOST_DEVICE double apply(double target_S, double, double xi) const {
    if (x == 0) return bounds.clip(target_S * factor);
    const double drawn = rate + rate_std * xi;
    const double nu = drawn < lowest ? lowest : drawn;
    const double left = is_linear ? 1.0 - nu * x : exp_of(-nu * x);
    return bounds.clip((end_S + (target_S - end_S) * left) * factor);
  }
};

/// G = value[i] where edge[i] <= u < edge[i + 1], else G_T.
struct StuckStates {
  static constexpr int kStates = 4;
  double edge[kStates + 1];
  double value_S[kStates];

  OHMIC_HOST_DEVICE double apply(double target_S, double, double u) const {
    double G_S = target_S;
    for (int i = 0; i < kStates; ++i)
      if (u >= edge[i] && u < edge[i + 1]) G_S = value_S[i];
    return G_S;
  }
};

/// Entries of a stack, at most.
constexpr int kStages = 256;

/// Event of an address that a device's `event` < 2^40 has in entry `stage` of a stack.
OHMIC_HOST_DEVICE std::uint64_t event_of(std::uint8_t stage, std::uint64_t event) {
  return event | std::uint64_t{stage} << 40;
}

/// One of them, with what it draws from.
struct DeviceEffect {
  enum class Kind : std::uint8_t {
    normal_error,
    inverse_error,
    saturating_error,
    uniform_error,
    power_drift,
    normal_drift,
    relaxation,
    stuck
  };

  DeviceEffect(const NormalError& e) : kind(Kind::normal_error), normal_error(e) {}
  DeviceEffect(const InverseError& e) : kind(Kind::inverse_error), inverse_error(e) {}
  DeviceEffect(const SaturatingError& e) : kind(Kind::saturating_error), saturating_error(e) {}
  DeviceEffect(const UniformError& e) : kind(Kind::uniform_error), uniform_error(e) {}
  DeviceEffect(const PowerDrift& e) : kind(Kind::power_drift), ages(true), power_drift(e) {}
  DeviceEffect(const NormalDrift& e) : kind(Kind::normal_drift), ages(true), normal_drift(e) {}
  DeviceEffect(const Relaxation& e) : kind(Kind::relaxation), ages(true), relaxation(e) {}
  DeviceEffect(const StuckStates& e) : kind(Kind::stuck), stuck(e) {}

  Kind kind;
  bool ages = false;       ///< comes with time: no part of programming
  std::uint8_t stage = 0;  ///< entry of a stack: G_T is what the entry before left
  union {
    NormalError normal_error;
    InverseError inverse_error;
    SaturatingError saturating_error;
    UniformError uniform_error;
    PowerDrift power_drift;
    NormalDrift normal_drift;
    Relaxation relaxation;
    StuckStates stuck;
  };

  OHMIC_HOST_DEVICE Stream stream() const {
    if (kind == Kind::stuck) return Stream::stuck;
    return ages ? Stream::drift : Stream::programming;
  }
  OHMIC_HOST_DEVICE bool draws_uniforms() const {
    return kind == Kind::uniform_error || kind == Kind::stuck;
  }

  /// run(effect) with the effect itself.
  template <class Run>
  OHMIC_HOST_DEVICE auto with(const Run& run) const {
    switch (kind) {
      case Kind::normal_error:
        return run(normal_error);
      case Kind::inverse_error:
        return run(inverse_error);
      case Kind::saturating_error:
        return run(saturating_error);
      case Kind::uniform_error:
        return run(uniform_error);
      case Kind::power_drift:
        return run(power_drift);
      case Kind::normal_drift:
        return run(normal_drift);
      case Kind::relaxation:
        return run(relaxation);
      default:
        return run(stuck);
    }
  }
};

}  // namespace ohmic
