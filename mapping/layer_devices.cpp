// A layer's devices, block by block: what they are aimed at, written and aged to.
#include <algorithm>
#include <array>
#include <numeric>

#include "mapping/mapped_layer.hpp"
#include "mapping/writing.hpp"

namespace ohmic {
namespace {

// Cells that one task programs at a time: a few arrays of this size stay in the first-level cache.
constexpr std::size_t kCellsPerTask = 1024;

std::size_t tasks_of(std::size_t cells) { return (cells + kCellsPerTask - 1) / kCellsPerTask; }

}  // namespace

bool MappedLayer::reads_noisily(const DeviceModel& device, const Periphery& periphery) {
  return periphery.read_noise && device.reads_noisily();
}

// Targets of these devices as they are written, repaired where others of their cells are stuck.
void MappedLayer::aim(const DeviceModel& device, const DeviceBlock& block,
                      std::span<double> out_S) const {
  target_S(block.role, block.first, out_S);
  if (settings_.repair == Repair::none || is_reference(block.role) || !device.sticks()) return;
  CellConductances target_S(code_.roles().size()), stuck_S(code_.roles().size());
  for (int role = 0; role < roles(); ++role) {
    if (is_reference(role)) continue;
    const auto r = static_cast<std::size_t>(role);
    DeviceBlock other = block;
    other.role = static_cast<std::uint8_t>(role);
    target_S[r].resize(out_S.size());
    stuck_S[r].resize(out_S.size());
    this->target_S(role, block.first, target_S[r]);
    device.stuck_S(other, stuck_S[r]);
  }
  repair(code_, stuck_S, target_S);
  for (std::size_t i = 0; i < out_S.size(); ++i)
    if (!is_spared(block.first + i)) out_S[i] = target_S[block.role][i];
}

void MappedLayer::hold_spared(const DeviceBlock& block, std::span<const double> target_S,
                              std::span<double> G_S, std::span<double> read_sigma_S) const {
  if (spared_.empty() || is_reference(block.role)) return;
  for (std::size_t i = 0; i < target_S.size(); ++i) {
    if (!is_spared(block.first + i)) continue;
    G_S[i] = target_S[i];
    if (!read_sigma_S.empty()) read_sigma_S[i] = 0;
  }
}

// Programs `count` devices of a role from `begin` on and ages them, block by block in parallel.
MappedLayer::RoleMatrix MappedLayer::devices(int role, std::uint64_t begin, std::size_t count,
                                             const ReadConditions& moment) const {
  const bool noisy = reads_noisily(moment.device, moment.periphery);
  const CellLayout layout = this->layout();
  RoleMatrix m;
  m.G_S.resize(count);
  if (noisy) m.read_sigma_S.resize(count);
  const std::size_t tasks = tasks_of(count);
#pragma omp parallel for schedule(static) if (tasks > 1)
  for (std::size_t task = 0; task < tasks; ++task) {
    const std::size_t at = task * kCellsPerTask, n = std::min(kCellsPerTask, count - at);
    std::array<double, kCellsPerTask> target_S;
    const std::span<double> targets(target_S.data(), n), G_S(m.G_S.data() + at, n),
        read_sigma_S(m.read_sigma_S.data() + at, noisy ? n : 0);
    const DeviceBlock block{moment.key, layer_,  static_cast<std::uint8_t>(role),
                            begin + at, &scale_, &layout};
    aim(moment.device, block, targets);
    const auto rounds = write_devices(moment.device, settings_, block, targets, G_S);
    age_devices(moment.device, block, rounds, moment.age_s, targets, G_S, read_sigma_S);
    hold_spared(block, targets, G_S, read_sigma_S);
  }
  return m;
}

double MappedLayer::writes_per_device(const DeviceModel& device, NoiseKey key) const {
  const CellLayout layout = this->layout();
  const std::size_t cells = weights().size(), tasks = tasks_of(cells);
  std::int64_t writes = 0, devices = 0;
  for (int role = 0; role < roles(); ++role) {
    if (is_reference(role)) continue;
    devices += static_cast<std::int64_t>(cells);
#pragma omp parallel for schedule(static) reduction(+ : writes) if (tasks > 1)
    for (std::size_t task = 0; task < tasks; ++task) {
      const std::size_t at = task * kCellsPerTask, n = std::min(kCellsPerTask, cells - at);
      std::array<double, kCellsPerTask> target_S, G_S;
      const std::span<double> targets(target_S.data(), n);
      const DeviceBlock block{key, layer_, static_cast<std::uint8_t>(role), at, &scale_, &layout};
      aim(device, block, targets);
      const auto rounds = write_devices(device, settings_, block, targets, {G_S.data(), n});
      writes += std::accumulate(rounds.begin(), rounds.end(), static_cast<std::int64_t>(n));
    }
  }
  return static_cast<double>(writes) / static_cast<double>(devices);
}

}  // namespace ohmic
