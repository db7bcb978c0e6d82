#include "experiments/commands/bench_hardware.hpp"

#include "simulator/processor.hpp"

namespace ohmic {

std::shared_ptr<const DeviceModel> bench_device(const std::string& toml) {
  std::vector<Fault> faults;
  std::shared_ptr<const DeviceModel> model = read_device(parse_toml(toml, "bench"), "", faults);
  return faults.empty() ? model : nullptr;
}

Periphery bench_converters(Products products) {
  Periphery periphery;
  periphery.dac = Dac{};
  periphery.adc = Adc{};
  periphery.products = products;
  return periphery;
}

Periphery bench_noisy_converters(Products products) {
  Periphery periphery = bench_converters(products);
  periphery.output_noise = OutputNoise{.relative = 0.01};
  return periphery;
}

bool runs_here(const Periphery& periphery) {
  return !are_rounded(periphery.products) || multiplies_bf16();
}

}  // namespace ohmic
