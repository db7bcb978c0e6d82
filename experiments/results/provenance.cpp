#include "experiments/results/provenance.hpp"

#include <fmt/chrono.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/results/files.hpp"
#include "nn/torch_evaluation.hpp"
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

}  // namespace

void write_provenance(const std::filesystem::path& file, const Provenance& p) {
  const nlohmann::ordered_json json{
      {"ohmic", version()},
      {"commit", commit()},
      {"compiler", compiler()},
      {"libtorch", libtorch_version()},
      {"processor", processor()},
      {"device", p.device},
      {"threads", p.threads},
      {"seed", p.seed},
      {"data_sha256", p.data},
      {"weights_sha256", p.networks},
      {"plugins_sha256", p.plugins},
      {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))}};
  write_atomically(file, json.dump(2) + "\n");
}

}  // namespace ohmic
