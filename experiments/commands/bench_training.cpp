#include "experiments/commands/bench_training.hpp"

#include <string>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_hardware.hpp"
#include "experiments/commands/work_folder.hpp"
#include "experiments/measure/compute.hpp"
#include "nn/data/synthetic.hpp"
#include "nn/train/eager_training.hpp"

namespace ohmic {
namespace {

const std::string kEagerTraining = "LibTorch, eager: training";

/// A training, and what it may cost of LibTorch's plain one.
struct Kind {
  std::string name;
  TrainSettings settings;
  double target;
};

TrainSettings plain() {
  TrainSettings settings;
  settings.optimizer = "sgd";
  settings.augment = false;
  return settings;
}

std::vector<Kind> kinds() {
  TrainSettings noisy = plain(), through_chip = plain();
  noisy.noise_eta = 0.1;
  const BenchHardware chip = bench_hardware().at(1);
  through_chip.hardware.emplace();
  through_chip.hardware->device_model = "awgn";
  through_chip.hardware->device = bench_device(chip.device);
  through_chip.hardware->periphery = chip.periphery;
  return {{"training", plain(), 0.75},
          {"training with weight noise", noisy, 1.3},
          {"training through AWGN, " + chip.name, through_chip, 2.5}};
}

/// As many updates as `data` has batches.
void train_eagerly(const Graph& graph, const Dataset& data, std::int64_t batch, double rate) {
  EagerTraining training(graph, initialize(graph, "glorot_uniform", kBenchSeed));
  std::vector<float> x(static_cast<std::size_t>(batch * data.train.values()));
  for (std::int64_t i = 0; i < data.train.size(); i += batch) {
    normalized_batch(data.train, data.normalization, i, batch, x.data());
    const auto first = data.train.labels.begin() + i;
    training.step(x.data(), {first, first + batch}, rate);
  }
}

}  // namespace

void train_once(const Graph& graph, const Dataset& data, TrainSettings settings) {
  const WorkFolder folder;
  settings.epochs = 1;
  train(graph, data, settings, kBenchSeed, "cpu", folder.path(), "bench", {});
}

std::vector<BenchRow> measure_training(int repetitions, int threads, int updates) {
  use_threads(threads);
  const Graph graph = build_model({}, 10);
  const TrainSettings settings = plain();
  Dataset data;
  data.train = synthetic_images(updates * settings.batch, kBenchSeed, SyntheticPart::train);
  const std::vector<Kind> all = kinds();
  BenchClock clock(seconds_on(threads));
  const auto take_turn = [&](int) {
    clock.measure(kEagerTraining,
                  [&] { train_eagerly(graph, data, settings.batch, settings.learning_rate); });
    for (const Kind& kind : all)
      clock.measure(kind.name, [&] { train_once(graph, data, kind.settings); });
  };
  return measure_in_turns(repetitions, take_turn, [&] {
    const auto row = [&](const std::string& name, double target) {
      return BenchRow{.what = name,
                      .threads = threads,
                      .seconds = clock.median_of(name),
                      .eager = BenchBase{kEagerTraining, clock.median_of(kEagerTraining), target}};
    };
    std::vector<BenchRow> rows{row(kEagerTraining, Estimate::kNone)};
    for (const Kind& kind : all) rows.push_back(row(kind.name, kind.target));
    return rows;
  });
}

}  // namespace ohmic
