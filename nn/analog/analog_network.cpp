#include "nn/analog/analog_network.hpp"

#include <algorithm>
#include <utility>

#include "nn/analog/execution.hpp"
#include "nn/analog/row_activity.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {

struct AnalogNetwork::State {
  State(MappedNetwork mapped, Backend& backend, Calibration ranges, LayerProgress on_images)
      : crossbars(std::move(mapped), std::move(ranges), backend),
        loaded(std::make_unique<Execution>(crossbars.network(), backend, &crossbars,
                                           std::move(on_images))) {}

  Execution& execution() { return *loaded.execution_; }
  LoadedNetwork& load(LayerContents contents) {
    execution().load(std::move(contents));
    return loaded;
  }
  /// A draw whose BatchNorms nobody has to measure.
  LayerContents unmeasured(const char* refusal, std::uint64_t seed, std::uint64_t draw) const {
    require_call(!loaded.execution_->follows(), refusal);
    return crossbars.draw(seed, draw);
  }

  const Crossbars crossbars;
  LoadedNetwork loaded;  ///< or not yet, while nobody has it
};

AnalogNetwork::AnalogNetwork(MappedNetwork mapped, Backend& backend, Calibration ranges,
                             std::optional<BatchNormImages> followed, LayerProgress on_images)
    : state_(std::make_unique<State>(std::move(mapped), backend, std::move(ranges),
                                     std::move(on_images))) {
  if (!followed) return;
  require_call(state_->crossbars.network()->noise.leaves_statistics(),
               "AnalogNetwork: BatchNorms cannot follow images where the noise settings replace "
               "their statistics");
  state_->execution().follow(std::move(*followed));
}

AnalogNetwork::~AnalogNetwork() = default;

void AnalogNetwork::calibrate_chips(NormalizedImages images) {
  require_call(mapped()->periphery.needs_ranges(), "calibrate_chips: no converter needs a range");
  state_->execution().calibrate_on(std::move(images));
}

const MappedNetwork& AnalogNetwork::mapped() const { return state_->crossbars.network(); }

const Calibration& AnalogNetwork::calibration() const { return state_->crossbars.calibration(); }

const std::vector<MappedLayer>& AnalogNetwork::layers() const { return state_->crossbars.layers(); }

std::vector<double> AnalogNetwork::unused_adc_bits() const {
  return state_->crossbars.unused_adc_bits();
}

std::vector<LayerNoise> AnalogNetwork::measure_noise(std::uint64_t seed, std::uint64_t draw) const {
  state_->execution().free_large_values();
  return state_->crossbars.measure_noise(seed, draw);
}

LoadedNetwork& AnalogNetwork::program(std::uint64_t seed, std::uint64_t draw) {
  state_->execution().program(seed, draw, 1);
  return state_->loaded;
}

LoadedNetwork& AnalogNetwork::load_noise_free() {
  return state_->load(state_->crossbars.noise_free());
}

LoadedNetwork& AnalogNetwork::load_ideal() { return state_->load(digital_contents(mapped())); }

Predictions AnalogNetwork::evaluate_draws(const ImageSet& set, const Normalization& normalization,
                                          std::int64_t each, std::int64_t batch, std::uint64_t seed,
                                          std::uint64_t first_draw, const Measure* measure) {
  require_call(each > 0 && batch > 0, "evaluate_draws: each and batch must be above 0");
  Execution& execution = state_->execution();
  Predictions all;
  std::uint64_t draw = first_draw;
  for (std::int64_t i = 0; i < set.size();) {
    const std::int64_t left = set.size() - i;
    const std::int64_t fit = std::min(execution.images_at_once(), left) / each;
    const auto draws =
        static_cast<int>(std::clamp<std::int64_t>(fit, 1, execution.draws_at_once()));
    execution.program(seed, draw, draws);
    const std::int64_t count = std::min(left, each * draws);
    const Predictions some =
        state_->loaded.evaluate(set, normalization, i, count, draws > 1 ? count : batch, measure);
    all.scores.insert(all.scores.end(), some.scores.begin(), some.scores.end());
    all.tally += some.tally;
    i += count;
    draw += static_cast<std::uint64_t>(draws);
  }
  return all;
}

std::vector<std::vector<double>> AnalogNetwork::row_drives(const ImageSet& set,
                                                           const Normalization& normalization,
                                                           std::int64_t images) {
  load_ideal();
  std::vector<RowActivity> rows;
  for (std::size_t i = 0; i < layers().size(); ++i)
    rows.emplace_back(layers()[i].geometry(), mapped().periphery(i),
                      calibration().empty() ? 0.0 : calibration()[i].input);
  std::vector<float> buffer;
  Execution& digital = state_->execution();
  digital.see_inputs(set, normalization, images,
                     [&](const Step& step, const float* x, std::int64_t n) {
                       rows[static_cast<std::size_t>(step.layer)].observe(
                           digital.inputs_on_host(step, x, n, buffer).data(), n);
                     });
  std::vector<std::vector<double>> means;
  for (const RowActivity& drive : rows) means.push_back(drive.mean_squares());
  return means;
}

Weights AnalogNetwork::effective_weights(std::uint64_t seed, std::uint64_t draw) const {
  return state_->crossbars.effective_weights(state_->unmeasured(
      "effective_weights(seed, draw): not where BatchNorms follow images; program(seed, draw) has "
      "them",
      seed, draw));
}

Weights AnalogNetwork::digital_weights(std::uint64_t seed, std::uint64_t draw) const {
  return state_->unmeasured("digital_weights: not where BatchNorms follow images", seed, draw)
      .digital;
}

bool AnalogNetwork::perturbs_digital() const { return mapped()->noise.perturbs_digital(); }

std::vector<ProgrammingPlan> AnalogNetwork::programming_plans() const {
  return state_->crossbars.programming_plans();
}

}  // namespace ohmic
