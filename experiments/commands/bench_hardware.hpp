// Hardware whose speed is measured.
#pragma once

#include <memory>
#include <string>

#include "simulator/device_model.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

/// Null for models that need parameters of their own.
std::shared_ptr<const DeviceModel> bench_device(const std::string& toml);

/// 8-bit DAC and ADC: a converter's usual surroundings.
Periphery bench_converters(Products);
/// With output noise of 1 % of an ADC's range.
Periphery bench_noisy_converters(Products);

/// Whether bf16 products are in this processor's hardware: their targets are meant for that.
bool runs_here(const Periphery&);

inline const std::string kBenchAwgn = "model = 'awgn'\neta = 0.1";

}  // namespace ohmic
