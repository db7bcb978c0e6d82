#include "experiments/commands/bench_busy.hpp"

#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "experiments/commands/bench_clock.hpp"
#include "nn/analog/analog_network.hpp"
#include "nn/data/synthetic.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/train/trainer.hpp"

namespace ohmic {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kBatch = 100;

/// Keeps one processor busy while it lives.
class BusyProcessor {
 public:
  BusyProcessor()
      : thread_([this] {
          while (!done_.load(std::memory_order_relaxed)) ++work_;
        }) {}
  ~BusyProcessor() {
    done_ = true;
    thread_.join();
  }
  BusyProcessor(const BusyProcessor&) = delete;
  BusyProcessor& operator=(const BusyProcessor&) = delete;

 private:
  std::atomic<bool> done_ = false;
  std::atomic<std::uint64_t> work_ = 0;
  std::thread thread_;  // last: it uses the others
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The first turn does not count.
BusyRow measure(const std::string& what, int repetitions, int threads,
                const std::function<void()>& work) {
  std::vector<double> alone, busy;
  work();
  for (int i = 0; i < repetitions; ++i) {
    alone.push_back(seconds_of(work));
    const BusyProcessor other;
    busy.push_back(seconds_of(work));
  }
  return {what, threads, median(alone), median(busy)};
}

/// One epoch, forgotten afterwards.
void train_once(const Graph& graph, const Dataset& data) {
  std::string folder = (std::filesystem::temp_directory_path() / "ohmic-bench-XXXXXX").string();
  if (!::mkdtemp(folder.data())) throw OutputError(folder + ": cannot be made");
  TrainSettings settings;
  settings.epochs = 1;
  train(graph, data, settings, kSeed, "cpu", folder, "bench", {});
  std::filesystem::remove_all(folder);
}

}  // namespace

std::vector<BusyRow> measure_beside_busy(std::int64_t images, int repetitions, int threads) {
  set_threads(threads);
  omp_set_num_threads(threads);
  Dataset data;
  data.train = synthetic_images(images, kSeed, SyntheticPart::train);
  const Graph graph = build_model({}, 10);
  std::vector<Fault> faults;
  const std::shared_ptr<const DeviceModel> awgn =
      read_device(parse_toml("model = 'awgn'\neta = 0.1", "bench"), "", faults);
  const std::unique_ptr<Backend> backend = make_backend("cpu");
  AnalogNetwork network({graph, initialize(graph, "glorot_uniform", kSeed), {}, {}, {}, awgn},
                        *backend);
  std::vector<BusyRow> rows;
  rows.push_back(
      measure("training, batches of 32", repetitions, threads, [&] { train_once(graph, data); }));
  rows.push_back(measure("AWGN draw + inference, ideal periphery", repetitions, threads, [&] {
    network.program(kSeed, 0).evaluate(data.train, data.normalization, 0, images, kBatch);
  }));
  return rows;
}

}  // namespace ohmic
