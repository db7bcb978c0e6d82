#include "experiments/commands/bench.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <ostream>

#include "experiments/commands/bench_busy.hpp"
#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_hardware.hpp"
#include "nn/analog/analog_network.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kBatch = 100;
constexpr std::int64_t kCalibration = 20;
constexpr std::uint64_t kSeed = 1;

Periphery bit_serial(Products products) {
  Periphery periphery = bench_converters(products);
  periphery.dac->slice_bits = 1;
  return periphery;
}

Periphery wired() {
  Periphery periphery;
  periphery.wires = Wires{};
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

/// Hardware, and what its draw and inference together may cost.
struct Hardware {
  std::string name;
  std::string device;  ///< TOML
  Periphery periphery;
  double target;
  TileShape tile = MappingSettings{}.tile;
};

const std::string kIdeal = "AWGN draw + inference, ideal periphery";
const std::string kWired = "wires of 1 ohm, 64 x 64 tiles: inference";

std::vector<Hardware> all_hardware() {
  std::vector<Hardware> all{{kIdeal, kBenchAwgn, {}, 0.75}};
  const auto add = [&](const std::string& name, const std::string& device, const auto& periphery,
                       double f32, double bf16) {
    all.push_back({name, device, periphery(Products::automatic), f32});
    all.push_back({name + ", float", device, periphery(Products::f32), f32});
    all.push_back({name + ", bf16", device, periphery(Products::bf16), bf16});
  };
  add("8-bit DAC, ADC, output noise, 256-row tiles", kBenchAwgn, bench_noisy_converters, 1.0, 0.5);
  add("the same + read noise per MVM", "model = 'pcm'", bench_noisy_converters, 2.0, 1.2);
  add("8-bit bit-serial inputs, ADC per bit", kBenchAwgn, bit_serial, 6.0, 2.0);
  all.push_back({kWired, kBenchAwgn + "\ng_max_S = 100e-6", wired(), 0.75, {64, 64}});
  return all;
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
        torch_(graph_, weights_, "cpu") {
    fill_normals(noise_key(kSeed, 0), {Stream::synthetic_data}, 0, std::span<float>(pixels_));
    for (const Hardware& hardware : all_hardware())
      if (runs_here(hardware.periphery)) networks_.emplace(hardware.name, make(hardware));
    for (const DeviceKind& kind : device_kinds())
      if (const auto model = bench_device("model = '" + kind.name + "'\ntime_s = 3600.0"))
        models_.emplace(kind.name, make({kind.name, {}, {}, 0}, model));
  }

  bool has(const std::string& hardware) const { return networks_.count(hardware) > 0; }

  /// Everything once, in the clock's names: "base", a hardware's name, "program ..." of it.
  void take_turn(BenchClock& clock, std::uint64_t draw) {
    clock.measure("base", [&] {
      each_batch([&](const float* x, std::int64_t, std::int64_t n) { torch_.logits(x, n); });
    });
    for (auto& [name, network] : networks_) {
      const bool apart = name == kWired || name == kIdeal;
      LoadedNetwork* chip = nullptr;
      if (apart)
        clock.measure("program " + name, [&, &n = network] { chip = &n->program(kSeed, draw); });
      if (apart) clock.measure("forward " + name, [&] { forward(*chip); });
      if (name == kWired) continue;
      clock.measure(name, [&, &n = network] { forward(n->program(kSeed, draw)); });
    }
    for (auto& [name, network] : models_)
      clock.measure("model " + name, [&, &n = network] { n->program(kSeed, draw); });
    clock.measure("tile", [] { wire_one_tile(); });
  }

  /// The model that takes longest to program.
  std::string slowest_model(const BenchClock& clock) const {
    std::pair<double, std::string> slowest;
    for (const auto& [name, network] : models_)
      slowest = std::max(slowest, {clock.median_of("model " + name), name});
    return slowest.second;
  }

 private:
  std::unique_ptr<AnalogNetwork> make(const Hardware& hardware,
                                      std::shared_ptr<const DeviceModel> model = nullptr) {
    MappingSettings mapping;
    mapping.tile = hardware.tile;
    const MappedNetwork mapped(graph_, weights_, mapping, {}, hardware.periphery,
                               model ? model : bench_device(hardware.device));
    return std::make_unique<AnalogNetwork>(
        mapped, *backend_,
        calibrate(mapped, *backend_, random_pixels(kCalibration), {}, kCalibration));
  }

  static void wire_one_tile() {
    constexpr int kSize = 256;
    std::vector<float> uniforms(kSize * kSize);
    fill_uniforms(noise_key(kSeed, 0), {Stream::programming}, 0, std::span(uniforms));
    std::vector<double> G_S;
    for (const float u : uniforms) G_S.push_back(1e-4 * u);
    wired_effective_S(kSize, kSize, G_S, Wires{}, G_S, omp_get_max_threads());
  }

  void forward(LoadedNetwork& network) {
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
  std::map<std::string, std::unique_ptr<AnalogNetwork>> networks_, models_;
};

std::vector<BenchRow> rows_of(const Workload& work, const BenchClock& clock, int threads) {
  std::vector<BenchRow> rows;
  const auto add = [&](const std::string& what, const std::string& measured,
                       const std::string& base, double target) {
    rows.push_back({what, threads, clock.median_of(measured),
                    base.empty() ? 0.0 : clock.median_of(base), target, true});
  };
  for (const Hardware& hardware : all_hardware()) {
    if (!work.has(hardware.name))
      rows.push_back({hardware.name, threads, 0, 0, hardware.target, false});
    else
      add(hardware.name, hardware.name == kWired ? "forward " + kWired : hardware.name, "base",
          hardware.target);
  }
  const std::string evaluation = "forward " + kIdeal, model = work.slowest_model(clock);
  add("programming an AWGN draw / its evaluation", "program " + kIdeal, evaluation, 0.05);
  add("programming the slowest model, " + model + " / the same", "model " + model, evaluation, 0.1);
  if (threads < 2) return rows;
  add("wires of 1 ohm, 64 x 64 tiles: programming", "program " + kWired, "", 1.0);
  add("wires of 1 ohm: one tile of 256 x 256", "tile", "", 0.3);
  return rows;
}

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
  if (!row.runs)
    return fmt::format("{:>7}  {:<53} {:>8} {:>10} {:>10}  <= {:<5.2f} no bf16 in this processor",
                       row.threads, row.what, "-", "-", "-", row.target);
  const std::string base = row.base_seconds > 0 ? fmt::format("{:.3f} s", row.base_seconds) : "-";
  const std::string target =
      row.target > 0 ? fmt::format("<= {:<5.2f} {}", row.target, row.met() ? "met" : "missed")
                     : "-";
  return fmt::format("{:>7}  {:<53} {:>8.3f} s {:>10} {:>8.3f}{}  {}", row.threads, row.what,
                     row.seconds, base, row.value(), row.base_seconds > 0 ? "  " : " s", target);
}

std::string text(const BusyRow& row) {
  return fmt::format("{:>7}  {:<53} {:>8.3f} s {:>8.3f} s {:>8.3f}    <= {:<5.2f} {}", row.threads,
                     row.what, row.busy_s, row.alone_s, row.value(), BusyRow::kTarget,
                     row.met() ? "met" : "missed");
}

}  // namespace

std::vector<BenchRow> measure_network(const BenchOptions& options, int threads) {
  set_threads(threads);
  omp_set_num_threads(threads);
  Workload work(options.images);
  BenchClock clock(threads);
  for (int turn = 0; turn <= options.repetitions; ++turn)
    work.take_turn(clock, static_cast<std::uint64_t>(turn));
  return rows_of(work, clock, threads);
}

int run_bench(const BenchOptions& options, std::ostream& out) {
  const int all = omp_get_num_procs();
  std::vector<int> threads = options.threads;
  if (threads.empty()) threads = all > 1 ? std::vector{1, all} : std::vector{1};
  const bool is_built_in = options.model.empty();
  if (!is_built_in) network_of(options);  // says what is wrong with it before anything else
  out << fmt::format(
      "{}, {} samples in batches of {}, medians of {}\n"
      "base: LibTorch {} eager float forward, {}same run\n"
      "processor: {}, {} logical; load of the last minute {}\n\n",
      is_built_in ? "ResNet-20 (keras_v1, random weights)" : options.model, options.images, kBatch,
      options.repetitions, libtorch_version(), is_built_in ? "channels-last, " : "", processor(),
      all, load_average());
  out << fmt::format("{:>7}  {:<53} {:>10} {:>10} {:>10}  {}\n", "threads", "what", "candidate",
                     "base", "ratio", "target");
  const auto measure = is_built_in ? measure_network : measure_model;
  for (const int n : threads)
    for (const BenchRow& row : measure(options, n)) out << text(row) << std::endl;
  if (!is_built_in) return 0;
  out << fmt::format("\n{:>7}  {:<53} {:>10} {:>10} {:>10}  {}\n", "threads",
                     "beside one other busy thread", "busy", "alone", "ratio", "target");
  for (const int n : threads)
    for (const BusyRow& row : measure_beside_busy(options.images, options.repetitions, n))
      out << text(row) << std::endl;
  return 0;
}

}  // namespace ohmic
