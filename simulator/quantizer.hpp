// What every converter does to a number, from one text for all back ends.
//
// A not-a-number stays one: converters neither hide nor count it.
#pragma once

#include <cmath>

#include "simulator/host_device.hpp"

namespace ohmic {

/// max(v, 0) as all back ends compute it: what is not a number gives 0.
template <class Real>
OHMIC_HOST_DEVICE Real relu(Real v) {
  return v > Real{0} ? v : Real{0};
}

/// v limited to [lowest, highest].
template <class Real>
OHMIC_HOST_DEVICE Real clamp_code(Real v, Real lowest, Real highest) {
  v = lowest > v ? lowest : v;
  return highest < v ? highest : v;
}

/// The code of a mid-tread uniform quantiser: the integer in [lowest, highest] nearest to v, which
/// is in units of one code; halves go to the even one.
template <class Real>
OHMIC_HOST_DEVICE Real quantize(Real v, Real lowest, Real highest) {
  return std::rint(clamp_code(v, lowest, highest));
}

/// Whether v lies beyond the converter's limits.
template <class Real>
OHMIC_HOST_DEVICE bool saturates(Real v, Real lowest, Real highest) {
  const Real within = clamp_code(v, lowest, highest);
  return within < v || within > v;
}

/// Stochastic rounding: up with a probability equal to the fraction; u is uniform in (0, 1).
template <class Real>
OHMIC_HOST_DEVICE Real quantize_dithered(Real v, Real u, Real lowest, Real highest) {
  return clamp_code(std::floor(clamp_code(v, lowest, highest) + u), lowest, highest);
}

/// Integral non-linearity: v plus a cubic that is 0 at 0 and at +-highest and peaks at `inl`.
template <class Real>
OHMIC_HOST_DEVICE Real bend(Real v, Real inl, Real highest) {
  constexpr Real kPeak = static_cast<Real>(2.598076211353316);  // 1 / max of t (1 - t^2)
  const Real t = clamp_code(v / highest, Real{-1}, Real{1});
  return v + inl * kPeak * t * (Real{1} - t * t);
}

/// Code of the successive approximation that stands for 0: half of all codes where they have a
/// sign.
template <class Real>
OHMIC_HOST_DEVICE Real sar_zero(int bits, Real lowest) {
  return lowest < Real{0} ? std::exp2(static_cast<Real>(bits - 1)) : Real{0};
}

/// One decision of a successive approximation: keeps the capacitor if `level` stays at most `v`.
template <class Real>
OHMIC_HOST_DEVICE void sar_decision(Real v, Real capacitor, Real weight, Real& level, Real& code) {
  const Real trial = level + capacitor;
  const bool keep = v >= trial;
  level = keep ? trial : level;
  code = keep ? code + weight : code;
}

/// Bits [shift, shift + log2(mask + 1)) of |code|, with the sign of the code; `sign` 1 or -1 takes
/// the codes of that sign only, as magnitudes. Codes are integers, or no numbers, which stay so.
OHMIC_HOST_DEVICE float input_slice(float code, int sign, int shift, int mask) {
  const float phase = sign == 0 ? code : relu(static_cast<float>(sign) * code);
  const int magnitude = static_cast<int>(relu(std::fabs(phase)));
  const float nan_or_0 = code - code;
  return std::copysign(static_cast<float>((magnitude >> shift) & mask), phase) + nan_or_0;
}

}  // namespace ohmic
