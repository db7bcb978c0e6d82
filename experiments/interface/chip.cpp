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
    is_ready = !analog->needs_ranges();
  }

  /// As the network takes them.
  Dataset fitted(const Samples& samples) const {
    const Samples::State& s = samples.state();
    Dataset data{{}, s.set, s.normalization};
    data.train.classes = s.set.classes;
    fit_to(*lowered, data);
    return data;
  }

  void program() { analog->program(options.seed, options.draw); }

  Answers answers(const Samples& samples) {
    const Dataset data = fitted(samples);
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
  bool is_ready = false;  ///< ranges are there
};

Chip::Chip(const Network& network, const Hardware& hardware, const ChipOptions& options)
    : state_(std::make_unique<State>(network, hardware, options)) {
  use_threads(options.threads);
  if (state_->is_ready) state_->program();
}
Chip::~Chip() = default;
Chip::Chip(Chip&&) noexcept = default;
Chip& Chip::operator=(Chip&&) noexcept = default;

bool Chip::needs_calibration() const { return state_ && !state_->is_ready; }

namespace {

void require_ready(bool is_there, bool is_ready) {
  require_call(is_there, "Chip: it was moved from");
  require_call(is_ready, "Chip: its converters have no ranges; calibrate it with samples first");
}

}  // namespace

void Chip::calibrate(const Samples& samples) {
  require_ready(state_ != nullptr, true);
  const Dataset data = state_->fitted(samples);
  state_->analog->calibrate(data.test, data.normalization, data.test.size());
  state_->is_ready = true;
  state_->program();
}

void Chip::program(std::uint64_t draw) {
  require_ready(state_ != nullptr, state_ && state_->is_ready);
  state_->options.draw = draw;
  state_->program();
}

Answers Chip::operator()(const Samples& samples) {
  require_ready(state_ != nullptr, state_ && state_->is_ready);
  return state_->answers(samples);
}

Answers Chip::digital(const Samples& samples) {
  require_ready(state_ != nullptr, true);
  state_->analog->load_ideal();
  Answers answers = state_->answers(samples);
  if (state_->is_ready) state_->program();
  return answers;
}

}  // namespace ohmic
