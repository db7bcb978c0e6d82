// Ranges from what the layers of a network are given, whoever runs it. Free of LibTorch.
#pragma once

#include <cstdint>
#include <functional>

#include "nn/analog/mapped_network_state.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// The inputs of one layer in the back end's memory, values_in() per sample; of a recurrent one at
/// every time step.
using SeeInputs = std::function<void(const Step&, const float* x, std::int64_t samples)>;
/// Takes the same samples through the network each time, and shows the inputs of every layer.
using ShowInputs = std::function<void(const SeeInputs&)>;

/// Full scales of the inputs, which what is mapped depends on.
void find_full_scales(const MappedNetwork&, Backend&, const ShowInputs&, Calibration&);
/// What converters see of layers with exact devices, whose full scales are known where they are
/// needed.
void find_converter_ranges(const MappedNetwork&, Backend&, const ShowInputs&, Calibration&);

}  // namespace ohmic
