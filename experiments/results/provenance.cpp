#include "experiments/results/provenance.hpp"

#include <fmt/chrono.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/results/files.hpp"
#include "nn/torch/torch_evaluation.hpp"
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

/// What `file` holds under `key`, with `now` added.
nlohmann::ordered_json merged(const nlohmann::ordered_json& before, const char* key,
                              const std::map<std::string, std::string>& now) {
  auto hashes = before.is_object() ? before.value(key, std::map<std::string, std::string>{})
                                   : std::map<std::string, std::string>{};
  for (const auto& [name, hash] : now) hashes[name] = hash;
  return hashes;
}

nlohmann::ordered_json read_if_any(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  return nlohmann::ordered_json::parse(read_whole(file), nullptr, false);
}

}  // namespace

void write_provenance(const std::filesystem::path& file, const Provenance& p) {
  const nlohmann::ordered_json before = read_if_any(file);
  const nlohmann::ordered_json json{
      {"ohmic", version()},
      {"commit", commit()},
      {"compiler", compiler()},
      {"libtorch", libtorch_version()},
      {"processor", processor()},
      {"device", p.device},
      {"threads", p.threads},
      {"seed", p.seed},
      {"data_sha256", merged(before, "data_sha256", p.data)},
      {"weights_sha256", merged(before, "weights_sha256", p.networks)},
      {"plugins_sha256", merged(before, "plugins_sha256", p.plugins)},
      {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))}};
  write_atomically(file, json.dump(2) + "\n");
}

}  // namespace ohmic
