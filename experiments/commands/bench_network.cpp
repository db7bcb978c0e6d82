#include "experiments/commands/bench_network.hpp"

#include <utility>

#include "experiments/commands/bench.hpp"
#include "nn/analog/mapped_network.hpp"

namespace ohmic {
namespace {

std::string inference_of(const std::string& hardware) { return hardware + ": inference"; }

}  // namespace

std::string programming_of(const std::string& hardware) { return hardware + ": programming"; }

std::unique_ptr<AnalogNetwork> calibrated(const MappedNetwork& mapped, Backend& backend,
                                          const ImageSet& images) {
  return std::make_unique<AnalogNetwork>(mapped, backend,
                                         calibrate(mapped, backend, images, {}, images.size()));
}

BenchNetwork::BenchNetwork(const Graph& graph, std::shared_ptr<const Weights> weights,
                           std::shared_ptr<const BenchSamples> samples, const ImageSet& calibration,
                           std::vector<BenchHardware> hardware)
    : samples_(std::move(samples)),
      hardware_(std::move(hardware)),
      backend_(make_backend("cpu")),
      digital_(graph, weights, samples_) {
  for (const BenchHardware& h : hardware_) {
    if (!runs_here(h.periphery)) continue;
    MappingSettings mapping;
    mapping.tile = h.tile;
    const MappedNetwork mapped(graph, weights, mapping, {}, h.periphery, bench_device(h.device));
    networks_[h.name] = calibrated(mapped, *backend_, calibration);
  }
}

void BenchNetwork::take_turn(BenchClock& clock, std::uint64_t draw) {
  digital_.take_turn(clock);
  for (auto& [name, network] : networks_)
    clock.measure(name, [&, &name = name, &analog = *network] {
      LoadedNetwork* chip = nullptr;
      clock.measure(programming_of(name), [&] { chip = &analog.program(kBenchSeed, draw); });
      clock.measure(inference_of(name), [&] {
        samples_->each_batch([&](const float* x, std::int64_t first, std::int64_t count) {
          chip->logits(x, count, static_cast<std::uint64_t>(first));
        });
      });
    });
}

BenchRow BenchNetwork::row(const BenchClock& clock, const BenchHardware& h, int threads) const {
  const std::string what = h.is_inference_alone ? inference_of(h.name) : h.name;
  BenchRow row{.what = what, .threads = threads};
  if (networks_.count(h.name) == 0) {
    row.note = "no bf16 in this processor";
    return row;
  }
  row.seconds = clock.median_of(what);
  row.of_peak = digital_.of_peak(clock, row.seconds.mean);
  row.eager = digital_.eager(clock);
  row.eager->target = h.eager_target;
  row.fastest = digital_.fastest(clock);
  row.fastest->target = h.fastest_target;
  return row;
}

std::vector<BenchRow> BenchNetwork::rows(const BenchClock& clock, int threads) const {
  std::vector<BenchRow> rows = digital_.rows(clock, threads);
  for (const BenchHardware& h : hardware_) rows.push_back(row(clock, h, threads));
  return rows;
}

BenchRow BenchNetwork::programming_row(const BenchClock& clock, int threads, double target) const {
  const std::string& first = hardware_.front().name;
  return {.what = "programming an AWGN draw",
          .threads = threads,
          .seconds = clock.median_of(programming_of(first)),
          .other = BenchBase{"its evaluation", clock.median_of(inference_of(first)), target}};
}

}  // namespace ohmic
