// ResNet-20 on 100 images per iteration: LibTorch's eager float forward beside the crossbars'.
// `ohmic bench` gives the ratios with their targets; these are for looking inside.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <memory>

#include "nn/analog/analog_network.hpp"
#include "nn/torch/torch_evaluation.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 100;

std::shared_ptr<const DeviceModel> awgn() {
  std::vector<Fault> faults;
  return read_device(parse_toml("model = 'awgn'\neta = 0.1", "benchmark"), "device", faults);
}

struct Network {
  Network() : pixels(kImages * ImageSet::kPixels) {
    fill_normals(noise_key(1, 0), {Stream::synthetic_data}, 0, std::span<float>(pixels));
  }
  Graph graph = build_model({}, 10);
  Weights weights = initialize(graph, "glorot_uniform", 1);
  std::unique_ptr<Backend> backend = make_backend("cpu");
  AnalogNetwork analog{{graph, weights, {}, {}, {}, awgn()}, *backend};
  std::vector<float> pixels;
};

void use_threads(const benchmark::State& state) {
  set_threads(static_cast<int>(state.range(0)));
  omp_set_num_threads(static_cast<int>(state.range(0)));
}

void LibTorchForward(benchmark::State& state) {
  use_threads(state);
  Network network;
  TorchNetwork torch(network.graph, network.weights, "cpu");
  for (auto _ : state) benchmark::DoNotOptimize(torch.logits(network.pixels.data(), kImages));
  state.SetItemsProcessed(state.iterations() * kImages);
}

void AnalogForward(benchmark::State& state) {
  use_threads(state);
  Network network;
  LoadedNetwork& chip = network.analog.program(1, 0);
  for (auto _ : state) benchmark::DoNotOptimize(chip.logits(network.pixels.data(), kImages, 0));
  state.SetItemsProcessed(state.iterations() * kImages);
}

void ProgramOneDraw(benchmark::State& state) {
  use_threads(state);
  Network network;
  std::uint64_t draw = 0;
  for (auto _ : state) network.analog.program(1, draw++);
}

void threads(benchmark::internal::Benchmark* b) {
  b->Arg(1);
  if (omp_get_num_procs() > 1) b->Arg(omp_get_num_procs());
  b->ArgName("threads")->UseRealTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(LibTorchForward)->Apply(threads);
BENCHMARK(AnalogForward)->Apply(threads);
BENCHMARK(ProgramOneDraw)->Apply(threads);

}  // namespace
}  // namespace ohmic
