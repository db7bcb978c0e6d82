// `ohmic bench --model FILE`: a network of a file on crossbars beside LibTorch's run of the same.
#include <omp.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_hardware.hpp"
#include "nn/analog/analog_network.hpp"
#include "nn/lowering/network.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kBatch = 100, kCalibration = 4;
const std::string kProgramming = "programming an AWGN draw, of it";

struct Hardware {
  std::string name;
  Periphery periphery;
};

std::vector<Hardware> hardware() {
  const std::string converters = "8-bit DAC, ADC, output noise, 256-row tiles";
  return {{"AWGN draw + inference, ideal periphery", {}},
          {converters, bench_noisy_converters(Products::automatic)},
          {converters + ", float", bench_noisy_converters(Products::f32)},
          {converters + ", bf16", bench_noisy_converters(Products::bf16)}};
}

/// Samples of normal numbers.
ImageSet samples_of(const LoweredNetwork& network, std::int64_t count) {
  if (!std::ranges::all_of(network.inputs, is_real, &SampleInput::type))
    throw UnsupportedError(
        "bench: the network reads whole numbers (tokens), of which no random ones can be made");
  ImageSet set;
  set.shape = network.sample;
  set.labels.resize(static_cast<std::size_t>(count), ImageSet::kNoLabel);
  set.numbers.resize(static_cast<std::size_t>(
      std::accumulate(set.shape.begin(), set.shape.end(), count, std::multiplies{})));
  fill_normals(noise_key(kSeed, 0), {Stream::synthetic_data}, 0, std::span<float>(set.numbers));
  return set;
}

class ModelWorkload {
 public:
  ModelWorkload(const LoweredNetwork& network, std::int64_t samples)
      : samples_(samples),
        set_(samples_of(network, samples)),
        backend_(make_backend("cpu")),
        torch_(network.graph, network.weights, "cpu") {
    const std::int64_t values = set_.values();
    x_.resize(static_cast<std::size_t>(samples * values));
    normalized_batch(set_, {}, 0, samples, x_.data());
    for (const Hardware& h : hardware()) {
      if (!runs_here(h.periphery)) continue;
      const MappedNetwork mapped(network.graph, network.weights, {}, {}, h.periphery,
                                 bench_device(kBenchAwgn));
      Calibration ranges = calibrate(mapped, *backend_, set_, {}, std::min(kCalibration, samples));
      analog_.push_back(
          {h.name, std::make_unique<AnalogNetwork>(mapped, *backend_, std::move(ranges))});
    }
  }

  void take_turn(BenchClock& clock, std::uint64_t draw) {
    clock.measure("base", [&] { base(samples_); });
    clock.measure(kProgramming, [&] { analog_.front().second->program(kSeed, draw); });
    for (auto& [name, network] : analog_)
      clock.measure(name, [&, &n = network] {
        LoadedNetwork& chip = n->program(kSeed, draw);
        each_batch(samples_, [&](const float* x, std::int64_t first, std::int64_t count) {
          chip.logits(x, count, static_cast<std::uint64_t>(first));
        });
      });
  }

  void base(std::int64_t samples) {
    each_batch(samples,
               [&](const float* x, std::int64_t, std::int64_t count) { torch_.logits(x, count); });
  }

  bool has(const std::string& name) const {
    return std::any_of(analog_.begin(), analog_.end(),
                       [&](const auto& entry) { return entry.first == name; });
  }

 private:
  template <class F>
  void each_batch(std::int64_t samples, F&& f) {
    for (std::int64_t i = 0; i < samples; i += kBatch)
      f(x_.data() + i * set_.values(), i, std::min(kBatch, samples - i));
  }

  std::int64_t samples_;
  ImageSet set_;
  std::vector<float> x_;
  std::unique_ptr<Backend> backend_;
  TorchNetwork torch_;
  std::vector<std::pair<std::string, std::unique_ptr<AnalogNetwork>>> analog_;
};

}  // namespace

std::shared_ptr<const LoweredNetwork> network_of(const BenchOptions& options) {
  ModelSettings model;
  model.file = options.model;
  return load_network(model, {});
}

std::vector<BenchRow> measure_model(const BenchOptions& options, int threads) {
  set_threads(threads);
  omp_set_num_threads(threads);
  const auto network = network_of(options);
  ModelWorkload work(*network, options.images);
  BenchClock clock(threads);
  for (int turn = 0; turn <= options.repetitions; ++turn)
    work.take_turn(clock, static_cast<std::uint64_t>(turn));
  std::vector<BenchRow> rows;
  for (const Hardware& h : hardware())
    if (work.has(h.name))
      rows.push_back(
          {h.name, threads, clock.median_of(h.name), clock.median_of("base"), 0.0, true});
  rows.insert(rows.begin() + 1, {kProgramming, threads, clock.median_of(kProgramming),
                                 clock.median_of("base"), 0.0, true});
  return rows;
}

}  // namespace ohmic
