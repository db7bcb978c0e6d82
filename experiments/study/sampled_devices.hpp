// What a device model does, found on a few hundred devices of one layer of usual weights.
#pragma once

#include "simulator/device_model.hpp"

namespace ohmic {

/// Whether anything of a device ever differs from what it was right after programming.
bool ages(const DeviceModel&);

/// Whether anything of a device differs at time_s from what it was right after programming, or is
/// about to.
bool has_aged(const DeviceModel&);

/// Whether devices hold and give at time_s what is written to them, without noise, to within a
/// part `most` of their range.
bool holds_within(const DeviceModel&, double most);

/// Whether what devices hold or give differs from one chip to the next.
bool differs_between_chips(const DeviceModel&);

/// What devices written to g_min and to g_max hold at time_s, on average.
struct HeldAtEnds {
  double low_S, high_S;
};
HeldAtEnds held_at_ends(const DeviceModel&);

/// Mean deviation at time_s of devices written to mid-range, as a weight over the largest.
double shift_of_mid_range(const DeviceModel&);

/// Share of devices that are the same whatever is asked of them.
double stuck_share(const DeviceModel&);

}  // namespace ohmic
