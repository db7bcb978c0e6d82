#include "nn/analog/analog_network.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "nn/analog/analog_state.hpp"
#include "nn/analog/digital_noise.hpp"
#include "nn/data/same_samples.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {
AnalogNetwork::AnalogNetwork(const Graph& graph, const Weights& weights,
                             const MappingSettings& mapping, const NoiseSettings& noise,
                             const Periphery& periphery, LayerDevices devices, Backend& backend)
    : AnalogNetwork(graph, std::make_shared<const Weights>(weights), mapping, noise, periphery,
                    std::move(devices), backend) {}

AnalogNetwork::AnalogNetwork(const Graph& graph, std::shared_ptr<const Weights> weights,
                             const MappingSettings& mapping, const NoiseSettings& noise,
                             const Periphery& periphery, LayerDevices devices, Backend& backend)
    : state_(std::make_unique<State>(graph, std::move(weights), mapping, noise, periphery,
                                     std::move(devices), backend)) {}

AnalogNetwork::~AnalogNetwork() = default;

void AnalogNetwork::load_ideal() {
  State& s = *state_;
  s.load({Loaded::digital, {}, perturbed_digital(s.graph, *s.weights, s.noise, 0.0, {})});
}

void AnalogNetwork::load_noise_free() {
  State& s = *state_;
  s.require_ranges();
  s.load({Loaded::exact, {}, perturbed_digital(s.graph, *s.mappable, s.noise, 0.0, {})});
}

void AnalogNetwork::program(std::uint64_t seed, std::uint64_t draw) {
  state_->program(seed, draw, 1);
}

Periphery AnalogNetwork::periphery(std::size_t i) const {
  require_call(i < state_->crossbar.size(), "periphery: there is no such layer");
  return state_->periphery_of(state_->crossbar[i]);
}

void AnalogNetwork::measure_batch_norm(const ImageSet& all, const Normalization& normalization,
                                       std::int64_t images, BatchNormStatistics statistics) {
  State& s = *state_;
  require_call(s.noise.leaves_statistics(),
               "measure_batch_norm: the noise settings replace the statistics it measures");
  require_call(images > 0 && all.size() > 0, "measure_batch_norm: needs images");
  s.statistics = statistics;
  const ImageSet set = first_of_all_classes(all, images);
  s.measured_images = set.size();
  s.measured.resize(static_cast<std::size_t>(s.measured_images * set.values()));
  normalized_batch(set, normalization, 0, s.measured_images, s.measured.data());
  load_ideal();
  s.load_and_measure();
}

void AnalogNetwork::State::answer(
    const float* nhwc, std::int64_t images, std::uint64_t first_image,
    const std::function<void(std::int64_t first, std::int64_t count, const float* y)>& see) {
  const std::int64_t classes = graph.classes, pixels = values_per_image(graph.nodes.front());
  if (every_answer_nan) {
    const std::vector<float> y(static_cast<std::size_t>(classes),
                               std::numeric_limits<float>::quiet_NaN());
    for (std::int64_t i = 0; i < images; ++i) see(i, 1, y.data());
    return;
  }
  const std::int64_t at_once = images_at_once();
  for (std::int64_t i = 0; i < images; i += at_once) {
    const std::int64_t count = std::min(at_once, images - i);
    const float* y = run(nhwc + i * pixels, count, first_image + static_cast<std::uint64_t>(i));
    see(i, count, backend.on_host(y, static_cast<std::size_t>(count * classes), answer_buffer));
  }
}

std::vector<float> AnalogNetwork::logits(const float* nhwc, std::int64_t images,
                                         std::uint64_t first_image) {
  State& s = *state_;
  s.require_loaded();
  require_call(images >= 0, "logits: the number of images must not be negative");
  const std::int64_t classes = s.graph.classes;
  std::vector<float> out(static_cast<std::size_t>(images * classes));
  s.answer(nhwc, images, first_image, [&](std::int64_t i, std::int64_t count, const float* y) {
    std::copy_n(y, count * classes, out.begin() + i * classes);
  });
  return out;
}

std::vector<float> AnalogNetwork::layer_output(std::size_t layer, const float* x,
                                               std::int64_t images) {
  State& s = *state_;
  s.require_loaded();
  require_call(layer < s.crossbar.size(), "layer_output: there is no such layer");
  const Step& step = s.crossbar[layer];
  const Node* norm = step.norm >= 0 ? &s.node(step.norm) : nullptr;
  std::vector<float> y(static_cast<std::size_t>(images * s.values_out(step)));
  s.loader_of(step)(s.epilogue(step, norm, false))
      ->forward(x, images, 0, nullptr, y.data(), s.tally);
  return y;
}

void AnalogNetwork::visit_layers(const float* nhwc, std::int64_t images,
                                 const LayerVisitor& visitor) {
  State& s = *state_;
  s.require_loaded();
  require_call(!s.every_answer_nan,
               "visit_layers: negative variances make every answer NaN, so no layer is computed");
  std::vector<float> buffer;
  s.run(nhwc, images, 0, [&](const Step& step, const float* x) {
    const auto layer = static_cast<std::size_t>(step.layer);
    const auto values = static_cast<std::size_t>(images * s.values_in(step));
    const std::vector<float> output = layer_output(layer, x, images);
    visitor(layer, {s.backend.on_host(x, values, buffer), values}, output);
  });
}

Predictions AnalogNetwork::evaluate(const ImageSet& set, const Normalization& normalization,
                                    std::int64_t first, std::int64_t count, std::int64_t batch,
                                    const Measure* measure) {
  State& s = *state_;
  s.require_loaded();
  require_call(first >= 0 && count >= 0 && first <= set.size() && count <= set.size() - first,
               "evaluate: the images [first, first + count) must lie in the set");
  require_call(batch > 0, "evaluate: batch must be above 0");
  Predictions predictions;
  const Measure accuracy(s.graph.classes);
  const Measure& asked = measure ? *measure : accuracy;
  take_tally();
  std::vector<float> x;
  for (std::int64_t i = first; i < first + count; i += batch) {
    const std::int64_t n = std::min(batch, first + count - i);
    x.resize(static_cast<std::size_t>(n * set.values()));
    normalized_batch(set, normalization, i, n, x.data());
    s.answer(x.data(), n, static_cast<std::uint64_t>(i),
             [&](std::int64_t first_of, std::int64_t images, const float* y) {
               for (std::int64_t j = 0; j < images; ++j, y += s.graph.classes)
                 predictions.scores.push_back(asked.score(y, set, i + first_of + j));
             });
  }
  predictions.tally = take_tally();
  return predictions;
}

Predictions AnalogNetwork::evaluate_draws(const ImageSet& set, const Normalization& normalization,
                                          std::int64_t each, std::int64_t batch, std::uint64_t seed,
                                          std::uint64_t first_draw, const Measure* measure) {
  State& s = *state_;
  require_call(each > 0 && batch > 0, "evaluate_draws: each and batch must be above 0");
  Predictions all;
  std::uint64_t draw = first_draw;
  for (std::int64_t i = 0; i < set.size();) {
    const std::int64_t left = set.size() - i;
    const std::int64_t fit = std::min(s.images_at_once(), left) / each;
    const auto draws = static_cast<int>(std::clamp<std::int64_t>(fit, 1, s.draws_at_once()));
    s.program(seed, draw, draws);
    const std::int64_t count = std::min(left, each * draws);
    const Predictions some =
        evaluate(set, normalization, i, count, draws > 1 ? count : batch, measure);
    all.scores.insert(all.scores.end(), some.scores.begin(), some.scores.end());
    all.tally += some.tally;
    i += count;
    draw += static_cast<std::uint64_t>(draws);
  }
  return all;
}

void AnalogNetwork::report_to(std::function<void(double images)> on_images) {
  state_->on_images = std::move(on_images);
}

Tally AnalogNetwork::take_tally() { return std::exchange(state_->tally, {}); }

Weights AnalogNetwork::effective_weights() const {
  const State& s = *state_;
  return s.effective_weights({s.loaded, s.loaded_key, s.digital});
}

Weights AnalogNetwork::effective_weights(std::uint64_t seed, std::uint64_t draw) const {
  require_call(state_->measured_images == 0,
               "effective_weights(seed, draw): not after measure_batch_norm; use program() and "
               "effective_weights()");
  return state_->effective_weights(state_->draw_of(seed, draw));
}

Weights AnalogNetwork::digital_weights(std::uint64_t seed, std::uint64_t draw) const {
  require_call(state_->measured_images == 0, "digital_weights: not after measure_batch_norm");
  return state_->draw_of(seed, draw).digital;
}

bool AnalogNetwork::perturbs_digital() const { return state_->noise.perturbs_digital(); }

std::vector<ProgrammingPlan> AnalogNetwork::programming_plans() const {
  const State& s = *state_;
  const bool noisy = s.noise.perturbs(TensorKind::kernel);
  std::vector<ProgrammingPlan> plans;
  for (const Step& step : s.crossbar) {
    auto plan = s.mapped_layer(step).plan(noisy ? s.device_of(step) : s.exact_of(step),
                                          s.periphery_of(step));
    if (!plan || s.has_bias_row(step)) return {};
    plans.push_back(std::move(*plan));
  }
  return plans;
}

const std::vector<MappedLayer>& AnalogNetwork::layers() const { return state_->mapped; }

bool AnalogNetwork::is_used_again(std::size_t layer) const {
  return state_->node(state_->crossbar.at(layer).mvm).shares >= 0;
}

std::vector<LayerNoise> AnalogNetwork::measure_noise(std::uint64_t seed, std::uint64_t draw) const {
  State& s = *state_;
  s.free_large_slots();
  std::vector<LayerNoise> noise;
  for (const Step& step : s.crossbar) {
    std::span<const float> wanted = s.kernel(*s.mappable, step);
    NoiseSums sums;
    s.require_full_scale(step);
    s.mapped_layer(step).each_product(s.device_of(step), noise_key(seed, draw),
                                      s.periphery_of(step), s.wire_solver(),
                                      [&](const MappedLayer::Product& part) {
                                        sums.add(wanted.first(part.weights.size()), part.weights);
                                        wanted = wanted.subspan(part.weights.size());
                                      });
    noise.push_back(sums.of(s.mapped_layer(step)));
  }
  return noise;
}

double Predictions::accuracy() const { return scores.empty() ? 0.0 : mean_of_scores(scores); }

}  // namespace ohmic
