#include "experiments/measure/ranks.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace ohmic {
namespace {

struct LauncherVariables {
  const char *index, *count, *local_count, *local_index;
};

/// In this order: mpirun starts its helpers with srun where there is Slurm, so that both speak.
/// In a batch script outside srun SLURM_PROCID is set and SLURM_STEP_NUM_TASKS is not.
constexpr LauncherVariables kLaunchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK"},
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE", "SLURM_LOCALID"}};

/// The leading number: SLURM_STEP_TASKS_PER_NODE is "4(x2),3".
std::optional<int> number(const Environment& environment, const char* name) {
  const char* text = environment(name);
  if (!text) return std::nullopt;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || value < 0 || value > 1'000'000) return std::nullopt;
  return static_cast<int>(value);
}

}  // namespace

std::string Rank::prefix() const { return count > 1 ? "[" + std::to_string(index) + "] " : ""; }

Rank rank_from(const Environment& environment) {
  for (const LauncherVariables& names : kLaunchers) {
    const auto index = number(environment, names.index), count = number(environment, names.count);
    if (!index || !count || *index >= *count) continue;
    const int local = number(environment, names.local_count).value_or(1);
    return {*index, *count, std::clamp(local, 1, *count),
            number(environment, names.local_index).value_or(0)};
  }
  return {};
}

Rank this_rank() {
  return rank_from([](const char* name) { return std::getenv(name); });
}

int threads_of(const Rank& rank, int allowed, int online) {
  return std::max(1, std::min(allowed, online / rank.local_count));
}

std::string device_of(const Rank& rank, const std::string& requested, int gpus) {
  const bool any = requested == "auto" || requested == "cuda";
  return any && gpus > 0 ? "cuda:" + std::to_string(rank.local_index % gpus) : requested;
}

}  // namespace ohmic
