#include "experiments/study/measured_age.hpp"

#include <fmt/format.h>

namespace ohmic {

std::string age_text(double seconds) {
  if (seconds < 86400) return fmt::format("{:.10g} s", seconds);
  return fmt::format("{:.10g} s ({:.4g} days)", seconds, seconds / 86400);
}

void check_age(const Value* age, const std::string& key, const std::string& model,
               const DeviceModel& device, std::vector<Fault>& faults) {
  const MeasuredRange measured = device.measured();
  if (!age || device.time_s <= measured.until_s || measured.is_left_knowingly) return;
  const std::string whose = measured.model.empty() ? model : measured.model;
  const std::string end =
      measured.until_s > 0 ? "which end at " + age_text(measured.until_s) : "which have no age";
  schema_detail::refuse_unusual(
      *age, key, age_text(device.time_s) + " is beyond the data of " + whose + ", " + end, faults);
}

}  // namespace ohmic
