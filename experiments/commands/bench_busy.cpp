#include "experiments/commands/bench_busy.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_digital.hpp"
#include "experiments/commands/bench_hardware.hpp"
#include "experiments/commands/bench_training.hpp"
#include "experiments/measure/compute.hpp"
#include "nn/analog/analog_network.hpp"
#include "nn/data/synthetic.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 200;
constexpr double kTarget = 3;  // two processors share three threads: 1.5 to 2 is fair

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

std::string alone(const std::string& what) { return what + ", alone"; }

}  // namespace

std::vector<BenchRow> measure_beside_busy(int repetitions, int threads) {
  use_threads(threads);
  Dataset data;
  data.train = synthetic_images(kImages, kBenchSeed, SyntheticPart::train);
  const Graph graph = build_model({}, 10);
  const std::unique_ptr<Backend> backend = make_backend("cpu");
  AnalogNetwork network({graph,
                         initialize(graph, "glorot_uniform", kBenchSeed),
                         {},
                         {},
                         {},
                         bench_device(kBenchAwgn)},
                        *backend);
  const std::map<std::string, std::function<void()>> works{
      {"training, batches of 32", [&] { train_once(graph, data); }},
      {bench_hardware().front().name, [&] {
         network.program(kBenchSeed, 0)
             .evaluate(data.train, data.normalization, 0, kImages, BenchSamples::kBatch);
       }}};
  BenchClock clock(Seconds::of_clock);
  const auto take_turn = [&](int) {
    for (const auto& [what, work] : works) {
      clock.measure(alone(what), work);
      const BusyProcessor other;
      clock.measure(what, work);
    }
  };
  return measure_in_turns(repetitions, take_turn, [&] {
    std::vector<BenchRow> rows;
    for (const auto& [what, work] : works)
      rows.push_back({.what = what + ", beside a busy thread",
                      .threads = threads,
                      .seconds = clock.median_of(what),
                      .other = BenchBase{"alone", clock.median_of(alone(what)), kTarget}});
    return rows;
  });
}

}  // namespace ohmic
