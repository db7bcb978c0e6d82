// `ohmic bench --model FILE`: the network of a file.
#include <algorithm>
#include <functional>
#include <numeric>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/bench_network.hpp"
#include "experiments/measure/compute.hpp"
#include "nn/lowering/network.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kCalibrationSamples = 4;

/// Normal numbers.
ImageSet samples_of(const LoweredNetwork& network, std::int64_t count) {
  if (!std::ranges::all_of(network.inputs, is_real, &SampleInput::type))
    throw UnsupportedError(
        "bench: the network reads whole numbers (tokens), of which no random ones can be made");
  ImageSet set;
  set.shape = network.sample;
  set.labels.resize(static_cast<std::size_t>(count), ImageSet::kNoLabel);
  set.numbers.resize(static_cast<std::size_t>(
      std::accumulate(set.shape.begin(), set.shape.end(), count, std::multiplies{})));
  fill_normals(noise_key(1, 0), {Stream::synthetic_data}, 0, std::span<float>(set.numbers));
  return set;
}

std::shared_ptr<const BenchSamples> in_memory(const ImageSet& set) {
  BenchSamples samples{set.size(), std::vector<float>(set.numbers.size())};
  normalized_batch(set, {}, 0, set.size(), samples.x.data());
  return std::make_shared<const BenchSamples>(std::move(samples));
}

}  // namespace

std::shared_ptr<const LoweredNetwork> network_of(const BenchOptions& options) {
  ModelSettings model;
  model.file = options.model;
  return load_network(model, {});
}

std::vector<BenchRow> measure_model(const BenchOptions& options, int threads) {
  use_threads(threads);
  const auto lowered = network_of(options);
  BenchNetwork network(lowered->graph, {lowered, &lowered->weights},
                       in_memory(samples_of(*lowered, options.images)),
                       samples_of(*lowered, kCalibrationSamples), bench_hardware_of_files());
  BenchClock clock(seconds_on(threads));
  return measure_in_turns(
      options.repetitions,
      [&](int turn) { network.take_turn(clock, static_cast<std::uint64_t>(turn)); },
      [&] {
        std::vector<BenchRow> rows = network.rows(clock, threads);
        rows.push_back(network.programming_row(clock, threads, Estimate::kNone));
        return rows;
      });
}

}  // namespace ohmic
