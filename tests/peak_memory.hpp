// How much memory something takes at most, as the system counts it.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace ohmic::test {

/// Bytes of an entry of /proc/self/status: "VmRSS", "VmHWM", "RssFile".
inline std::optional<std::int64_t> status_bytes(const std::string& entry) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(entry + ":")) return 1024 * std::stoll(line.substr(entry.size() + 1));
  return std::nullopt;
}

/// What `action` adds at most to the memory of this process; nothing where the system cannot say
/// (the peak is begun anew by way of /proc/self/clear_refs), or a sanitizer holds what was freed.
template <class Action>
std::optional<std::int64_t> peak_growth(const Action& action) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  action();
  return std::nullopt;
#else
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5" << std::flush;
  const auto before = status_bytes("VmRSS"), least = status_bytes("VmHWM");
  action();
  const auto most = status_bytes("VmHWM");
  if (!reset || !before || !least || !most || *least > *before + (std::int64_t{1} << 20))
    return std::nullopt;
  return *most - *before;
#endif
}

}  // namespace ohmic::test
