// What every converter does to a number, from one text for all back ends.
//
// A not-a-number stays one: converters neither hide nor count it.
#pragma once

#include <cmath>

#include "simulator/host_device.hpp"

namespace ohmic {

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
  return v < lowest || v > highest;
}

/// max(v, 0) as all back ends compute it: what is not a number gives 0.
template <class Real>
OHMIC_HOST_DEVICE Real relu(Real v) {
  return v > Real{0} ? v : Real{0};
}

}  // namespace ohmic
