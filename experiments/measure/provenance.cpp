#include "experiments/measure/provenance.hpp"

#include <fmt/chrono.h>

#include <ctime>
#include <fstream>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

/// As /proc/cpuinfo names it; "unknown" elsewhere.
std::string processor() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

using Hashes = std::map<std::string, std::string>;

/// What was there under `key`, with `now` added.
RecordedJson merged(const RecordedJson& before, const char* key, const Hashes& now,
                    const std::string& place) {
  Hashes hashes;
  if (before.is_object() && before.contains(key))
    for (const auto& item : before[key].items()) {
      if (!item.value().is_string())
        say_damaged(place, fmt::format("{} holds what is no hash", key));
      hashes[item.key()] = item.value().get<std::string>();
    }
  for (const auto& [name, hash] : now) hashes[name] = hash;
  return hashes;
}

/// Every key, those of hashes with what `before` holds of them.
RecordedJson content(const Provenance& p, const RecordedJson& before, const std::string& place) {
  return {{"ohmic", version()},
          {"commit", commit()},
          {"compiler", compiler()},
          {"libtorch", libtorch_version()},
          {"processor", processor()},
          {"device", p.device},
          {"threads", p.threads},
          {"seed", p.seed},
          {"data_sha256", merged(before, "data_sha256", p.data, place)},
          {"weights_sha256", merged(before, "weights_sha256", p.networks, place)},
          {"plugins_sha256", merged(before, "plugins_sha256", p.plugins, place)},
          {"devices_sha256", merged(before, "devices_sha256", p.devices, place)},
          {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))}};
}

RecordedJson read_if_any(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  return parse_recorded(read_whole(file), file.string());
}

}  // namespace

void write_provenance(const std::filesystem::path& file, const Provenance& p,
                      const std::function<void(const std::string&)>& say) {
  RecordedJson json;
  try {
    json = content(p, read_if_any(file), file.string());
  } catch (const DataError& error) {
    const std::filesystem::path aside = set_damaged_aside(file);
    say(fmt::format("{}; it is now {}, and a new one is written", error.what(), aside.string()));
    json = content(p, {}, file.string());
  }
  write_atomically(file, json.dump(2, ' ', false, RecordedJson::error_handler_t::replace) + "\n");
}

}  // namespace ohmic
