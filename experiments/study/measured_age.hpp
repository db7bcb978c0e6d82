// Ages beyond what a device model was measured at.
#pragma once

#include <string>
#include <vector>

#include "simulator/device_model.hpp"

namespace ohmic {

/// Appends a fault where `time_s` of a [device] table is later than any age that its model was
/// measured at, and the file does not permit it. `key` is the table's own.
void check_age(const Value& device_table, const std::string& key, const DeviceModel& device,
               std::vector<Fault>& faults);

/// "172800 s (2 days)".
std::string age_text(double seconds);

}  // namespace ohmic
