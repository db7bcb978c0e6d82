#include "experiments/interface/chip.hpp"

#include <algorithm>
#include <optional>

#include "experiments/interface/state.hpp"
#include "experiments/measure/compute.hpp"
#include "nn/analog/analog_network.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {

struct Chip::State {
  State(const Network& network, const Hardware& hardware, const ChipOptions& options)
      : network(network), options(options) {
    MeasureOptions measured;
    measured.seed = options.seed;
    measured.batch = options.batch;
    measured.backend = options.backend;
    measured.threads = options.threads;
    measured.metric = "agreement";  // which needs no labels
    experiment = experiment_of(network, Samples({0.0f}, {1}), hardware, measured);
    lowered = network.state().built ? network.state().built
                                    : load_network(experiment.model, experiment.mapping);
    backend = make_backend(experiment.compute);
    if (options.progress) report = [call = options.progress](double) { call(); };
    mapped.emplace(lowered->graph, std::shared_ptr<const Weights>(lowered, &lowered->weights),
                   experiment.mapping, experiment.noise, experiment.periphery,
                   experiment.devices());
    if (!mapped->needs_ranges()) calibrate({});
  }

  /// As the network takes them.
  Dataset fitted(const Samples& samples) const {
    const Samples::State& s = samples.state();
    Dataset data{{}, s.set, s.normalization};
    data.train.classes = s.set.classes;
    fit_to(*lowered, data);
    return data;
  }

  /// Finds ranges, where some are needed; interrupted, there are none.
  void calibrate(const Dataset& data) {
    drawn = nullptr;
    analog.reset();
    analog = std::make_unique<AnalogNetwork>(
        *mapped, *backend,
        ohmic::calibrate(*mapped, *backend, data.test, data.normalization, data.test.size(),
                         report),
        std::nullopt, report);
  }

  /// Loads the draw.
  void program() {
    drawn = nullptr;
    LoadedNetwork& draw = analog->program(options.seed, options.draw);
    if (options.progress) options.progress();  // what a device model has to say
    drawn = &draw;
  }

  /// Of the digital network, which takes the place of the draw.
  Answers digital(const Dataset& data) {
    drawn = nullptr;
    if (analog) return answers(analog->load_ideal(), data);
    LoadedNetwork alone(*mapped, *backend, report);
    return answers(alone, data);
  }

  Answers answers(LoadedNetwork& loaded, const Dataset& data) const {
    Answers out;
    out.samples = data.test.size();
    for (std::int64_t first = 0; first < out.samples; first += options.batch) {
      const std::int64_t n = std::min(options.batch, out.samples - first);
      std::vector<float> x(static_cast<std::size_t>(n * data.test.values()));
      normalized_batch(data.test, data.normalization, first, n, x.data());
      const auto y = loaded.logits(x.data(), n, static_cast<std::uint64_t>(first));
      out.numbers.insert(out.numbers.end(), y.begin(), y.end());
    }
    out.size = std::ssize(out.numbers) / std::max<std::int64_t>(out.samples, 1);
    return out;
  }

  Network network;
  ChipOptions options;
  Experiment experiment;
  std::shared_ptr<const LoweredNetwork> lowered;
  std::unique_ptr<Backend> backend;
  LayerProgress report;
  std::optional<MappedNetwork> mapped;    ///< made in the constructor
  std::unique_ptr<AnalogNetwork> analog;  ///< null while ranges are missing
  LoadedNetwork* drawn = nullptr;         ///< the draw, when it is loaded, all of it
};

Chip::Chip(const Network& network, const Hardware& hardware, const ChipOptions& options)
    : state_(std::make_unique<State>(network, hardware, options)) {
  use_threads(options.threads);
  if (state_->analog) state_->program();
}
Chip::~Chip() = default;
Chip::Chip(Chip&&) noexcept = default;
Chip& Chip::operator=(Chip&&) noexcept = default;

bool Chip::needs_calibration() const { return state_ && !state_->analog; }

Chip::State& Chip::begin() {
  require_call(state_ != nullptr, "Chip: it was moved from");
  use_threads(state_->options.threads);
  return *state_;
}

Chip::State& Chip::begin_noisy() {
  State& state = begin();
  require_call(state.analog != nullptr,
               "Chip: its converters have no ranges; calibrate it with samples first");
  return state;
}

void Chip::calibrate(const Samples& samples) {
  State& state = begin();
  state.calibrate(state.fitted(samples));
  state.program();
}

void Chip::program(std::uint64_t draw) {
  State& state = begin_noisy();
  state.options.draw = draw;
  state.program();
}

Answers Chip::operator()(const Samples& samples) {
  State& state = begin_noisy();
  const Dataset data = state.fitted(samples);
  if (!state.drawn) state.program();
  return state.answers(*state.drawn, data);
}

Answers Chip::digital(const Samples& samples) {
  State& state = begin();
  return state.digital(state.fitted(samples));
}

}  // namespace ohmic
