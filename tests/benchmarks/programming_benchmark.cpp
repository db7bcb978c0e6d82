// One draw of ResNet-20's 268,336 crossbar weights, differential, for every registered device
// model; what wires make of it; and the random numbers it is made of. Nanoseconds per element;
// programming and wires in milliseconds. Models that are lists of effects also on a GPU, where
// there is one.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <string>
#include <vector>

#include "mapping/mapped_layer.hpp"
#include "simulator/backend.hpp"
#include "simulator/backends/cuda/gpu_count.hpp"
#include "simulator/backends/cuda/resident_devices.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

ConvGeometry convolution(int in, int out) {
  ConvGeometry g;
  g.in_channels = in;
  g.out_channels = out;
  g.kernel_height = g.kernel_width = 3;
  return g;
}

// The convolutions and the classifier of ResNet-20 (option A shortcuts).
std::vector<ConvGeometry> resnet20() {
  std::vector<ConvGeometry> layers{convolution(3, 16)};
  for (int i = 0; i < 6; ++i) layers.push_back(convolution(16, 16));
  for (int i = 0; i < 6; ++i) layers.push_back(convolution(i == 0 ? 16 : 32, 32));
  for (int i = 0; i < 6; ++i) layers.push_back(convolution(i == 0 ? 32 : 64, 64));
  ConvGeometry dense;
  dense.in_channels = 64;
  dense.out_channels = 10;
  layers.push_back(dense);
  return layers;
}

std::vector<MappedLayer> mapped_resnet20(const DeviceModel& device,
                                         const MappingSettings& settings = {}) {
  std::vector<MappedLayer> layers;
  for (const ConvGeometry& g : resnet20()) {
    std::vector<float> weights(static_cast<std::size_t>(g.rows()) *
                               static_cast<std::size_t>(g.columns()));
    const auto index = static_cast<std::uint16_t>(layers.size());
    fill_normals(noise_key(1, 0), {Stream::initialization, index}, 0, std::span(weights));
    layers.emplace_back("layer", index, g, weights, settings, device.g_min_S, device.g_max_S);
  }
  return layers;
}

std::shared_ptr<DeviceModel> aged(const std::string& model) {
  std::vector<Fault> faults;
  auto device = read_device(parse_toml("model = \"" + model + "\"\ntime_s = 3600.0", "benchmark"),
                            "device", faults);
  return faults.empty() ? std::shared_ptr<DeviceModel>(std::move(device)) : nullptr;
}

void ProgramResNet20(benchmark::State& state, const std::string& model) {
  omp_set_num_threads(1);
  const auto device = aged(model);
  if (!device) return state.SkipWithError("needs parameters of its own");
  const auto layers = mapped_resnet20(*device);
  std::uint64_t draw = 0;
  for (auto _ : state) {
    const NoiseKey key = noise_key(1, draw++);
    for (const MappedLayer& layer : layers)
      benchmark::DoNotOptimize(layer.program(*device, key, {}));
  }
}

/// The same in the memory of a GPU, into effective weights.
void ProgramResNet20There(benchmark::State& state, const DeviceModel& device,
                          const std::shared_ptr<cuda::Machine>& machine,
                          const Periphery& periphery) {
  MappingSettings settings;
  if (periphery.wires) settings.tile = {64, 64};
  const auto layers = mapped_resnet20(device, settings);
  std::vector<ProgrammingPlan> plans;
  std::vector<cuda::WeightsPlace> places;
  std::vector<std::unique_ptr<cuda::Array<float>>> weights;
  for (const MappedLayer& layer : layers) {
    plans.push_back(layer.plan(device, periphery).value());
    weights.push_back(std::make_unique<cuda::Array<float>>(machine));
    places.push_back(cuda::kernel_place(
        plans.back(), weights.back()->at_least(plans.back().roles[0].target_S.size())));
  }
  cuda::ResidentDevices devices(machine, plans, places);
  std::uint64_t draw = 0;
  for (auto _ : state) {
    const NoiseKey key = noise_key(1, draw++);
    devices.program({&key, 1});
    machine->wait();
  }
}

/// The wires of one draw, 1 ohm a segment, 64 x 64 tiles, both polarities; milliseconds of the
/// clock, on one thread of the processor or on the GPU.
void WiresOfResNet20(benchmark::State& state, Backend& backend) {
  omp_set_num_threads(1);
  const std::vector<ConvGeometry> layers = resnet20();
  std::vector<std::vector<double>> matrices;
  for (const ConvGeometry& g : layers) {
    std::vector<float> u(static_cast<std::size_t>(g.rows()) *
                         static_cast<std::size_t>(g.columns()));
    const auto index = static_cast<std::uint16_t>(matrices.size());
    fill_uniforms(noise_key(1, 0), {Stream::programming, index}, 0, u);
    for (double& G_S : matrices.emplace_back(u.begin(), u.end())) G_S *= 1e-4;
  }
  for (auto _ : state)
    for (std::size_t i = 0; i < matrices.size(); ++i)
      for (int polarity = 0; polarity < 2; ++polarity) {
        std::vector<double> G_S = matrices[i];
        backend.apply_wires(layers[i].rows(), layers[i].columns(), {64, 64}, Wires{}, G_S);
        benchmark::DoNotOptimize(G_S.data());
      }
}

template <class Out>
void Fill(benchmark::State& state, void (*fill)(NoiseKey, Address, std::uint64_t, std::span<Out>)) {
  std::vector<Out> out(1024);
  std::uint64_t first = 0;
  for (auto _ : state) {
    fill(noise_key(1, 0), {Stream::programming}, first += 1024, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * 1024);
}

void register_there(const std::string& name, const std::string& model, const Periphery& periphery,
                    const std::shared_ptr<cuda::Machine>& machine) {
  const auto device = aged(model);
  if (!device || !device->effects({}, device->time_s)) return;
  benchmark::RegisterBenchmark(
      (name + "/cuda/" + model).c_str(),
      [=](benchmark::State& state) { ProgramResNet20There(state, *device, machine, periphery); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

void register_there(const std::shared_ptr<cuda::Machine>& machine) {
  Periphery wired;
  wired.wires.emplace();
  for (const DeviceKind& kind : device_kinds())
    register_there("ProgramResNet20", kind.name, {}, machine);
  register_there("ProgramResNet20OnWires", "awgn", wired, machine);
}

BENCHMARK_CAPTURE(Fill, bits, fill_bits);
BENCHMARK_CAPTURE(Fill, uniforms, fill_uniforms);
BENCHMARK_CAPTURE(
    Fill, normals,
    static_cast<void (*)(NoiseKey, Address, std::uint64_t, std::span<float>)>(fill_normals));

// Models are known once the libraries are loaded, which is before main.
const bool registered = [] {
  for (const DeviceKind& kind : device_kinds())
    benchmark::RegisterBenchmark(("ProgramResNet20/" + kind.name).c_str(), ProgramResNet20,
                                 kind.name)
        ->Unit(benchmark::kMillisecond);
  if (gpu_count() > 0) register_there(cuda::machine_of("cuda"));
  for (const std::string name : {"cpu", "cuda"}) try {
      const std::shared_ptr<Backend> backend = make_backend(name);
      benchmark::RegisterBenchmark(("WiresOfResNet20/" + name).c_str(),
                                   [=](benchmark::State& s) { WiresOfResNet20(s, *backend); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    } catch (const UnsupportedError&) {  // no GPU
    }
  return true;
}();

}  // namespace
}  // namespace ohmic
