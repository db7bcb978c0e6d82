#include "experiments/interface/chip.hpp"

#include <algorithm>

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
    analog = std::make_unique<AnalogNetwork>(lowered->graph, lowered->weights, experiment.mapping,
                                             experiment.noise, experiment.periphery,
                                             experiment.devices(), *backend);
    if (options.progress) analog->report_to([call = options.progress](double) { call(); });
    has_ranges = !analog->needs_ranges();
  }

  /// As the network takes them.
  Dataset fitted(const Samples& samples) const {
    const Samples::State& s = samples.state();
    Dataset data{{}, s.set, s.normalization};
    data.train.classes = s.set.classes;
    fit_to(*lowered, data);
    return data;
  }

  /// Finds ranges again; interrupted, there are none.
  void calibrate(const Dataset& data) {
    if (!analog->needs_ranges()) return;
    has_ranges = is_drawn = false;
    analog->calibrate(data.test, data.normalization, data.test.size());
    has_ranges = true;
  }

  /// Loads the draw.
  void program() {
    is_drawn = false;
    analog->program(options.seed, options.draw);
    if (options.progress) options.progress();  // what a device model has to say
    is_drawn = true;
  }

  void load_digital() {
    is_drawn = false;
    analog->load_ideal();
  }

  /// Of what is loaded.
  Answers answers(const Dataset& data) {
    Answers out;
    out.samples = data.test.size();
    for (std::int64_t first = 0; first < out.samples; first += options.batch) {
      const std::int64_t n = std::min(options.batch, out.samples - first);
      std::vector<float> x(static_cast<std::size_t>(n * data.test.values()));
      normalized_batch(data.test, data.normalization, first, n, x.data());
      const auto y = analog->logits(x.data(), n, static_cast<std::uint64_t>(first));
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
  std::unique_ptr<AnalogNetwork> analog;
  bool has_ranges = false;  ///< or needs none
  bool is_drawn = false;    ///< what is loaded is the draw, all of it
};

Chip::Chip(const Network& network, const Hardware& hardware, const ChipOptions& options)
    : state_(std::make_unique<State>(network, hardware, options)) {
  use_threads(options.threads);
  if (state_->has_ranges) state_->program();
}
Chip::~Chip() = default;
Chip::Chip(Chip&&) noexcept = default;
Chip& Chip::operator=(Chip&&) noexcept = default;

bool Chip::needs_calibration() const { return state_ && !state_->has_ranges; }

Chip::State& Chip::begin() {
  require_call(state_ != nullptr, "Chip: it was moved from");
  use_threads(state_->options.threads);
  return *state_;
}

Chip::State& Chip::begin_noisy() {
  State& state = begin();
  require_call(state.has_ranges,
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
  if (!state.is_drawn) state.program();
  return state.answers(data);
}

Answers Chip::digital(const Samples& samples) {
  State& state = begin();
  const Dataset data = state.fitted(samples);
  state.load_digital();
  return state.answers(data);
}

}  // namespace ohmic
