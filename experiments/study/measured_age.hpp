// Ages beyond what a device model was measured at.
#pragma once

#include <string>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic {

/// Appends a fault where an age of devices, `age` at `key` (null: not given), is later than any
/// that their model was measured at, and the file does not permit it.
void check_age(const Value* age, const std::string& key, const std::string& model,
               const DeviceModel& device, std::vector<Fault>& faults);

/// "172800 s (2 days)".
std::string age_text(double seconds);

}  // namespace ohmic
