#include "experiments/commands/bench.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <utility>

#include "experiments/commands/bench_busy.hpp"
#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_digital.hpp"
#include "experiments/commands/bench_training.hpp"
#include "experiments/text/quoting.hpp"
#include "nn/freed_memory.hpp"
#include "nn/torch/torch_evaluation.hpp"

namespace ohmic {
namespace {

std::string processor() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string load_average() {
  std::ifstream file("/proc/loadavg");
  std::string minute;
  file >> minute;
  return minute.empty() ? "unknown" : minute;
}

std::string head_text(const BenchOptions& options) {
  const bool is_built_in = options.model.empty();
  return fmt::format(
      "{}, {} samples in batches of {}, LibTorch {}\n"
      "processor: {}, {} logical; load of the last minute {}\n\n",
      is_built_in ? "ResNet-20 (keras_v1, random weights)" : one_line(options.model),
      options.images, BenchSamples::kBatch, libtorch_version(), processor(), omp_get_num_procs(),
      load_average());
}

std::string caption(const BenchRow& row, Seconds seconds) {
  return fmt::format("{} thread{}, medians of {} turns in seconds of {}\n", row.threads,
                     row.threads == 1 ? "" : "s", row.turns,
                     seconds == Seconds::of_thread ? "its processor time" : "the clock");
}

/// Writes rows as they come, and beside them what is to be said of them.
class Printer {
 public:
  Printer(const BenchOptions& options, std::ostream& out, std::ostream& head)
      : options_(options), out_(out), head_(head) {}

  void print(const std::vector<BenchRow>& rows, Seconds seconds) {
    if (options_.as_json)
      out_ << jsonl_text(bench_table(rows));
    else if (options_.as_csv)
      out_ << without_repeated_keys(csv_text(bench_table(rows)));
    else
      print_tables(rows, seconds);
    out_.flush();
    if (const std::string text = unsteady_text(rows); !text.empty())
      head_ << text << "\n\n" << std::flush;
  }

 private:
  /// Rows beside LibTorch's in a table of their own.
  void print_tables(std::vector<BenchRow> rows, Seconds seconds) {
    out_ << caption(rows.front(), seconds);
    const auto others = std::ranges::stable_partition(
        rows, [](const BenchRow& row) { return !row.other.has_value(); });
    for (const auto& part : {std::vector<BenchRow>(rows.begin(), others.begin()),
                             std::vector<BenchRow>(others.begin(), rows.end())})
      if (!part.empty()) out_ << terminal_text(bench_table(part)) << "\n";
  }

  std::string without_repeated_keys(const std::string& csv) {
    return std::exchange(has_keys_, true) ? csv.substr(csv.find('\n') + 1) : csv;
  }

  const BenchOptions& options_;
  std::ostream &out_, &head_;
  bool has_keys_ = false;
};

}  // namespace

void run_bench(const BenchOptions& options, std::ostream& out, std::ostream& head) {
  keep_freed_memory();
  const int all = omp_get_num_procs();
  std::vector<int> threads = options.threads;
  if (threads.empty()) threads = all > 1 ? std::vector{1, all} : std::vector{1};
  const bool is_built_in = options.model.empty();
  if (!is_built_in) network_of(options);  // says what is wrong with it before anything else
  head << head_text(options) << std::flush;
  Printer printer(options, out, head);
  for (const int n : threads) {
    printer.print(is_built_in ? measure_network(options, n) : measure_model(options, n),
                  seconds_on(n));
    if (!is_built_in) continue;
    printer.print(measure_training(options.repetitions, n), seconds_on(n));
    printer.print(measure_beside_busy(options.repetitions, n), Seconds::of_clock);
  }
}

}  // namespace ohmic
