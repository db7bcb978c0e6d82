// How devices are written: with which targets where some of a cell are stuck, and how often.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mapping/cell_code.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {

/// Programs a block of devices, and writes those again that are further than the mapping's
/// tolerance from their targets (MappingSettings::writes). Returns the round of each device's last
/// write (DeviceBlock::round); empty where all were written once.
std::vector<std::uint8_t> write_devices(const DeviceModel&, const MappingSettings&,
                                        DeviceBlock block, std::span<const double> target_S,
                                        std::span<double> G_S);

/// Devices as they are at age `age_s`, and how noisily they are read then (nothing asked where
/// `read_sigma_S` is empty), each by the numbers of its own last write.
void age_devices(const DeviceModel&, DeviceBlock block, std::span<const std::uint8_t> rounds,
                 double age_s, std::span<const double> target_S, std::span<double> G_S,
                 std::span<double> read_sigma_S);

/// Conductances by [role][cell]; empty for references, which no single cell has.
using CellConductances = std::vector<std::vector<double>>;

/// Changes what is aimed at so that cells hold their numbers in spite of stuck devices, those that
/// are not NaN in `stuck_S`: devices that work take up what is missing, the most significant first,
/// as far as [g_min, g_max] goes.
void repair(const CellCode&, const CellConductances& stuck_S, CellConductances& target_S);

}  // namespace ohmic
