#include "experiments/commands/bench_hardware.hpp"

#include "simulator/processor.hpp"

namespace ohmic {
namespace {

const char* const kIdeal = "AWGN draw + inference, ideal periphery";
const char* const kConverters = "8-bit DAC, ADC, output noise, 256-row tiles";

Periphery converters(Products products) {
  Periphery periphery;
  periphery.dac = Dac{};
  periphery.adc = Adc{};
  periphery.products = products;
  return periphery;
}

Periphery noisy_converters(Products products) {
  Periphery periphery = converters(products);
  periphery.output_noise = OutputNoise{.relative = 0.01};
  return periphery;
}

Periphery bit_serial(Products products) {
  Periphery periphery = converters(products);
  periphery.dac->slice_bits = 1;
  return periphery;
}

Periphery wired() {
  Periphery periphery;
  periphery.wires = Wires{};
  return periphery;
}

/// With the products that are chosen by default, with float ones and with bf16.
struct Targets {
  double eager_f32 = Estimate::kNone, eager_bf16 = Estimate::kNone, fastest = Estimate::kNone;
};
void add(std::vector<BenchHardware>& all, const std::string& name, const std::string& device,
         Periphery (*periphery)(Products), const Targets& targets) {
  all.push_back({name, device, periphery(Products::automatic), targets.eager_f32, targets.fastest});
  all.push_back({name + ", float", device, periphery(Products::f32), targets.eager_f32});
  all.push_back({name + ", bf16", device, periphery(Products::bf16), targets.eager_bf16});
}

}  // namespace

std::vector<BenchHardware> bench_hardware() {
  std::vector<BenchHardware> all{{kIdeal, kBenchAwgn, {}, 0.75, 0.85}};
  add(all, kConverters, kBenchAwgn, noisy_converters, {1.0, 0.5, 0.62});
  add(all, "the same + read noise per MVM", "model = 'pcm'", noisy_converters, {2.0, 1.2, 1.3});
  add(all, "8-bit bit-serial inputs, ADC per bit", kBenchAwgn, bit_serial, {6.0, 2.0, 2.2});
  all.push_back({.name = kBenchWires,
                 .device = kBenchAwgn + "\ng_max_S = 100e-6",
                 .periphery = wired(),
                 .eager_target = 0.75,
                 .tile = {64, 64},
                 .is_inference_alone = true});
  return all;
}

std::vector<BenchHardware> bench_hardware_of_files() {
  std::vector<BenchHardware> all{{kIdeal, kBenchAwgn, {}}};
  add(all, kConverters, kBenchAwgn, noisy_converters, {});
  return all;
}

std::shared_ptr<const DeviceModel> bench_device(const std::string& toml) {
  std::vector<Fault> faults;
  std::shared_ptr<const DeviceModel> model = read_device(parse_toml(toml, "bench"), "", faults);
  return faults.empty() ? model : nullptr;
}

bool runs_here(const Periphery& periphery) {
  return !are_rounded(periphery.products) || multiplies_bf16();
}

}  // namespace ohmic
