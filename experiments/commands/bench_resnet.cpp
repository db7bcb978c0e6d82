// `ohmic bench`: ResNet-20 with random weights on random images.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/bench_network.hpp"
#include "experiments/measure/compute.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kCalibrationImages = 20;
const std::string kTile = kBenchWires + ": one tile of 256 x 256";

ImageSet random_pixels(std::int64_t images) {
  ImageSet set;
  set.labels.resize(static_cast<std::size_t>(images));
  std::vector<std::uint32_t> bits(set.labels.size() * ImageSet::kPixels);
  fill_bits(noise_key(kBenchSeed, 1), {Stream::synthetic_data}, 0, bits);
  for (const std::uint32_t b : bits) set.pixels.push_back(static_cast<std::uint8_t>(b >> 24));
  return set;
}

std::shared_ptr<const BenchSamples> normal_pixels(std::int64_t images) {
  BenchSamples samples{images,
                       std::vector<float>(static_cast<std::size_t>(images * ImageSet::kPixels))};
  fill_normals(noise_key(kBenchSeed, 0), {Stream::synthetic_data}, 0, std::span<float>(samples.x));
  return std::make_shared<const BenchSamples>(std::move(samples));
}

/// Programming of a network by every device model.
class Models {
 public:
  Models(const Graph& graph, const std::shared_ptr<const Weights>& weights)
      : backend_(make_backend("cpu")) {
    for (const DeviceKind& kind : device_kinds())
      if (const auto model = bench_device("model = '" + kind.name + "'\ntime_s = 3600.0"))
        networks_[kind.name] = calibrated(MappedNetwork(graph, weights, {}, {}, {}, model),
                                          *backend_, random_pixels(kCalibrationImages));
  }

  void take_turn(BenchClock& clock, std::uint64_t draw) {
    for (auto& [name, network] : networks_)
      clock.measure(title(name), [&, &analog = *network] { analog.program(kBenchSeed, draw); });
  }

  /// The model that takes longest, as the clock knows it.
  std::string slowest(const BenchClock& clock) const {
    std::pair<double, std::string> slowest;
    for (const auto& [name, network] : networks_)
      slowest = std::max(slowest, {clock.median_of(title(name)).mean, title(name)});
    return slowest.second;
  }

 private:
  static std::string title(const std::string& model) {
    return "programming the slowest model, " + model;
  }

  std::unique_ptr<Backend> backend_;
  std::map<std::string, std::unique_ptr<AnalogNetwork>> networks_;
};

void wire_one_tile(int threads) {
  constexpr int kSize = 256;
  std::vector<float> uniforms(kSize * kSize);
  fill_uniforms(noise_key(kBenchSeed, 0), {Stream::programming}, 0, std::span(uniforms));
  std::vector<double> G_S;
  for (const float u : uniforms) G_S.push_back(1e-4 * u);
  wired_effective_S(kSize, kSize, G_S, Wires{}, G_S, threads);
}

/// Beside what LibTorch does not do. Targets in seconds are those of two threads or more.
std::vector<BenchRow> programming_rows(const BenchNetwork& network, const Models& models,
                                       const BenchClock& clock, int threads) {
  std::vector<BenchRow> rows{network.programming_row(clock, threads, 0.05)};
  const auto add = [&](const std::string& what, const BenchBase& base) {
    rows.push_back(
        {.what = what, .threads = threads, .seconds = clock.median_of(what), .other = base});
  };
  add(models.slowest(clock), {"the same", rows.front().other->seconds, 0.1});
  if (threads < 2) return rows;
  const Estimate second{1, 1, 1};
  add(programming_of(kBenchWires), {"a second", second, 1.0});
  add(kTile, {"a second", second, 0.3});
  return rows;
}

}  // namespace

std::vector<BenchRow> measure_network(const BenchOptions& options, int threads) {
  use_threads(threads);
  const Graph graph = build_model({}, 10);
  const auto weights =
      std::make_shared<const Weights>(initialize(graph, "glorot_uniform", kBenchSeed));
  BenchNetwork network(graph, weights, normal_pixels(options.images),
                       random_pixels(kCalibrationImages), bench_hardware());
  Models models(graph, weights);
  BenchClock clock(seconds_on(threads));
  const auto take_turn = [&](int turn) {
    const auto draw = static_cast<std::uint64_t>(turn);
    network.take_turn(clock, draw);
    models.take_turn(clock, draw);
    clock.measure(kTile, [&] { wire_one_tile(threads); });
  };
  return measure_in_turns(options.repetitions, take_turn, [&] {
    std::vector<BenchRow> rows = network.rows(clock, threads);
    std::ranges::copy(programming_rows(network, models, clock, threads), std::back_inserter(rows));
    return rows;
  });
}

}  // namespace ohmic
