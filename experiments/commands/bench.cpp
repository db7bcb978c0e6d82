#include "experiments/commands/bench.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <ostream>

#include "nn/analog/analog_network.hpp"
#include "nn/torch_evaluation.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kBatch = 100;
constexpr std::int64_t kCalibration = 20;
constexpr std::uint64_t kSeed = 1;
constexpr double kEta = 0.1;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> v) {
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

std::shared_ptr<const DeviceModel> awgn() {
  std::vector<Fault> faults;
  auto device = read_device(parse_toml(fmt::format("model = 'awgn'\neta = {}", kEta), "bench"),
                            "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return device;
}

/// 8-bit DAC and ADC with noise before the ADC: a converter's usual surroundings.
Periphery converters() {
  Periphery periphery;
  periphery.dac = Dac{};
  periphery.adc = Adc{};
  periphery.output_noise = OutputNoise{.relative = 0.01};
  return periphery;
}

ImageSet random_pixels(std::int64_t images) {
  ImageSet set;
  set.labels.resize(static_cast<std::size_t>(images));
  std::vector<std::uint32_t> bits(set.labels.size() * ImageSet::kPixels);
  fill_bits(noise_key(kSeed, 1), {Stream::synthetic_data}, 0, bits);
  for (const std::uint32_t b : bits) set.pixels.push_back(static_cast<std::uint8_t>(b >> 24));
  return set;
}

/// ResNet-20 with random weights on random images, in LibTorch and on crossbars.
class Workload {
 public:
  explicit Workload(std::int64_t images)
      : images_(images),
        pixels_(static_cast<std::size_t>(images * ImageSet::kPixels)),
        graph_(build_model({}, 10)),
        weights_(initialize(graph_, "glorot_uniform", kSeed)),
        backend_(make_backend("cpu")),
        torch_(graph_, weights_, "cpu"),
        analog_(graph_, weights_, {}, {}, {}, awgn(), *backend_),
        converted_(graph_, weights_, {}, {}, converters(), awgn(), *backend_) {
    fill_normals(noise_key(kSeed, 0), {Stream::synthetic_data}, 0, std::span<float>(pixels_));
    converted_.calibrate(random_pixels(kCalibration), {}, kCalibration);
  }

  void torch_forward() {
    each_batch([&](const float* x, std::int64_t first, std::int64_t n) {
      (void)first;
      torch_.logits(x, n);
    });
  }
  void program(std::uint64_t draw) { analog_.program(kSeed, draw); }
  void forward() { forward(analog_); }
  void program_converted(std::uint64_t draw) { converted_.program(kSeed, draw); }
  void forward_converted() { forward(converted_); }

 private:
  void forward(AnalogNetwork& network) {
    each_batch([&](const float* x, std::int64_t first, std::int64_t n) {
      network.logits(x, n, static_cast<std::uint64_t>(first));
    });
  }
  template <class F>
  void each_batch(F&& f) {
    for (std::int64_t i = 0; i < images_; i += kBatch)
      f(pixels_.data() + i * ImageSet::kPixels, i, std::min(kBatch, images_ - i));
  }

  std::int64_t images_;
  std::vector<float> pixels_;
  Graph graph_;
  Weights weights_;
  std::unique_ptr<Backend> backend_;
  TorchNetwork torch_;
  AnalogNetwork analog_, converted_;
};

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

std::string text(const BenchRow& row) {
  return fmt::format("{:>7}  {:<46} {:>8.3f} s {:>8.3f} s  {:>6.3f}  <= {:<5.2f} {}", row.threads,
                     row.what, row.seconds, row.base_seconds, row.ratio(), row.target,
                     row.met() ? "met" : "missed");
}

}  // namespace

std::vector<BenchRow> measure_network(const BenchOptions& options, int threads) {
  set_threads(threads);
  omp_set_num_threads(threads);
  Workload work(options.images);
  std::vector<double> torch, program, forward, both, converted;
  for (int r = -1; r < options.repetitions; ++r) {
    const auto draw = static_cast<std::uint64_t>(r + 1);
    const double base = seconds_of([&] { work.torch_forward(); });
    const double programming = seconds_of([&] { work.program(draw); });
    const double inference = seconds_of([&] { work.forward(); });
    const double conversion = seconds_of([&] {
      work.program_converted(draw);
      work.forward_converted();
    });
    if (r < 0) continue;  // caches, first use of primitives
    torch.push_back(base);
    program.push_back(programming);
    forward.push_back(inference);
    both.push_back(programming + inference);
    converted.push_back(conversion);
  }
  const double base = median(torch);
  return {{"AWGN draw + inference, ideal periphery", threads, median(both), base, 0.75},
          {"programming a draw / its evaluation", threads, median(program), median(forward), 0.05},
          {"8-bit DAC, ADC, output noise, 256-row tiles", threads, median(converted), base, 1.0}};
}

int run_bench(const BenchOptions& options, std::ostream& out) {
  const int all = omp_get_num_procs();
  std::vector<int> threads = options.threads;
  if (threads.empty()) threads = all > 1 ? std::vector{1, all} : std::vector{1};
  out << fmt::format(
      "ResNet-20 (keras_v1, random weights), {} images in batches of {}, float, medians of {}\n"
      "base: LibTorch {} eager forward, channels-last, same run\n"
      "processor: {}, {} logical; load of the last minute {}\n\n",
      options.images, kBatch, options.repetitions, libtorch_version(), processor(), all,
      load_average());
  out << fmt::format("{:>7}  {:<46} {:>10} {:>10}  {:>6}  {}\n", "threads", "what", "candidate",
                     "base", "ratio", "target");
  for (const int n : threads)
    for (const BenchRow& row : measure_network(options, n)) out << text(row) << std::endl;
  return 0;
}

}  // namespace ohmic
