#include "mapping/writing.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ohmic {
namespace {

/// What one siemens of a role's devices adds to the number that a cell holds.
std::vector<double> values_per_S(const CellCode& code) {
  std::vector<double> values;
  for (const CellCode::Role& role : code.roles())
    values.push_back(role.sign * code.planes()[static_cast<std::size_t>(role.plane)].value_per_S);
  return values;
}

/// Roles with devices of their own in each cell, the most significant first.
std::vector<std::size_t> by_significance(const CellConductances& target_S,
                                         const std::vector<double>& per_S) {
  std::vector<std::size_t> roles(target_S.size());
  std::iota(roles.begin(), roles.end(), 0u);
  std::erase_if(roles, [&](std::size_t role) { return target_S[role].empty(); });
  std::ranges::stable_sort(roles, std::greater{},
                           [&](std::size_t role) { return std::abs(per_S[role]); });
  return roles;
}

}  // namespace

std::vector<std::uint8_t> write_devices(const DeviceModel& device, const MappingSettings& mapping,
                                        DeviceBlock block, std::span<const double> target_S,
                                        std::span<double> G_S) {
  device.program(block, target_S, G_S);
  std::vector<std::uint8_t> rounds;
  if (mapping.writes == 1) return rounds;
  const double most_S = mapping.write_tolerance * (device.g_max_S - device.g_min_S);
  std::vector<double> again_S(G_S.size());
  rounds.resize(G_S.size());
  while (block.round + 1 < mapping.writes) {
    const auto is_off = [&](std::size_t i) { return std::abs(G_S[i] - target_S[i]) > most_S; };
    bool any = false;
    for (std::size_t i = 0; i < G_S.size() && !any; ++i) any = is_off(i);
    if (!any) break;
    ++block.round;
    device.program(block, target_S, again_S);
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      if (!is_off(i)) continue;
      G_S[i] = again_S[i];
      rounds[i] = block.round;
    }
  }
  return rounds;
}

void age_devices(const DeviceModel& device, DeviceBlock block, std::span<const std::uint8_t> rounds,
                 double age_s, std::span<const double> target_S, std::span<double> G_S,
                 std::span<double> read_sigma_S) {
  const auto age = [&](std::span<double> own_S, std::span<double> sigma_S) {
    if (age_s > 0) device.drift(block, age_s, target_S, own_S);
    if (!sigma_S.empty()) device.read_sigma(block, age_s, target_S, own_S, sigma_S);
  };
  if (age_s <= 0 && read_sigma_S.empty()) return;
  if (rounds.empty()) return age(G_S, read_sigma_S);
  const std::vector<double> written_S(G_S.begin(), G_S.end());
  std::vector<double> own_S, sigma_S(read_sigma_S.size());
  const std::uint8_t last = *std::max_element(rounds.begin(), rounds.end());
  for (int round = 0; round <= last; ++round) {
    if (std::count(rounds.begin(), rounds.end(), round) == 0) continue;
    block.round = static_cast<std::uint8_t>(round);
    own_S = written_S;
    age(own_S, sigma_S);
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      if (rounds[i] != round) continue;
      G_S[i] = own_S[i];
      if (!sigma_S.empty()) read_sigma_S[i] = sigma_S[i];
    }
  }
}

void repair(const CellCode& code, const CellConductances& stuck_S, CellConductances& target_S) {
  const std::vector<double> per_S = values_per_S(code);
  const std::vector<std::size_t> roles = by_significance(target_S, per_S);
  const std::size_t cells = roles.empty() ? 0 : target_S[roles.front()].size();
  for (std::size_t i = 0; i < cells; ++i) {
    double missing = 0;
    for (const std::size_t role : roles)
      if (!std::isnan(stuck_S[role][i]))
        missing += per_S[role] * (target_S[role][i] - stuck_S[role][i]);
    for (const std::size_t role : roles) {
      if (missing == 0) break;
      if (!std::isnan(stuck_S[role][i])) continue;
      double& G_S = target_S[role][i];
      const double before_S = G_S;
      G_S = std::clamp(G_S + missing / per_S[role], code.g_min_S(), code.g_max_S());
      missing -= per_S[role] * (G_S - before_S);
    }
  }
}

}  // namespace ohmic
