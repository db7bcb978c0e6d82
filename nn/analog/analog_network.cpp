#include "nn/analog/analog_network.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "nn/analog/batch_norm.hpp"
#include "nn/analog/digital_noise.hpp"
#include "nn/analog/digital_op.hpp"
#include "nn/analog/plan.hpp"
#include "nn/analog/row_activity.hpp"
#include "simulator/error.hpp"
#include "simulator/range_observer.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kCalibrationBatch = 256;
// Number of the first image on which BatchNorm is measured: its noise is no test image's.
constexpr std::uint64_t kFirstMeasuredImage = std::uint64_t{1} << 32;

/// Holds every target exactly: kernels that no noise is asked for, and the noise-free chip.
class ExactDevice final : public DeviceModel {
 public:
  explicit ExactDevice(const DeviceModel& like) {
    g_min_S = like.g_min_S;
    g_max_S = like.g_max_S;
  }
  void program(const DeviceBlock&, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::copy(target_S.begin(), target_S.end(), G_S.begin());
  }
};

/// What the layers hold.
enum class Loaded {
  digital,  ///< weights as they are
  exact,    ///< arrays without noise
  devices,  ///< one draw
};

void require_form_factor(const DeviceModel& device) {
  if (device.form_factor() >= 0) return;
  std::vector<Fault> faults(1);
  faults[0].key = "noise.semantics";
  faults[0].message =
      "noise on biases or BatchNorm needs a device with a form factor eta (awgn with reference = "
      "\"sigma_w\"); accepted with this device: \"kernels\", \"folded\"";
  throw ConfigError(std::move(faults));
}

LayerNoise compare(const MappedLayer& layer, std::span<const float> wanted,
                   std::span<const float> got) {
  double sum = 0, signed_sum = 0, squares = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double error = double{got[i]} - wanted[i];
    sum += error;
    signed_sum += wanted[i] < 0 ? -error : error;
    squares += error * error;
  }
  const double n = static_cast<double>(wanted.size()), signed_bias = signed_sum / n;
  return {layer.name(),
          layer.scale().sigma_w,
          sum / n,
          signed_bias,
          std::sqrt(std::max(0.0, squares / n - signed_bias * signed_bias)),
          static_cast<std::int64_t>(wanted.size())};
}

}  // namespace

struct AnalogNetwork::State {
  State(const Graph& g, const Weights& w, const NoiseSettings& n, const Periphery& p,
        LayerDevices d, Backend& b);

  const Node& node(int i) const { return graph.nodes[static_cast<std::size_t>(i)]; }
  std::span<const float> kernel(const Weights& of, const Step& step) const {
    return of.at(node(step.mvm).name + ".weight").values;
  }
  const MappedLayer& mapped_layer(const Step& step) const {
    return mapped[static_cast<std::size_t>(step.layer)];
  }

  Periphery periphery_of(const Step&) const;
  LayerOnTiles digital_layer(const Step&) const;
  LayerOnTiles programmed_layer(const Step&, const DeviceModel&, NoiseKey) const;
  LayerOnTiles layer_of(const Step&, Loaded what, NoiseKey key) const;
  LayerOnTiles loaded_layer(const Step& step) const { return layer_of(step, loaded, loaded_key); }
  Epilogue epilogue(const Step&, const Node* norm, bool relu) const;
  Epilogue epilogue(const Step& step) const {
    return epilogue(step, step.norm >= 0 ? &node(step.norm) : nullptr, step.relu);
  }
  const DeviceModel& device_of(const Step& step) const { return devices.of(node(step.mvm).name); }
  /// What is to be loaded for a draw.
  struct Contents {
    Loaded what;
    NoiseKey key;
    Weights digital;
  };
  Contents draw_of(std::uint64_t seed, std::uint64_t draw) const;
  void load(Contents);
  Weights effective_weights(const Contents&) const;
  void load_step(std::size_t s, bool measures);
  std::unique_ptr<LoadedLayer> load_layer(const Step&, const LayerOnTiles&, const Epilogue&) const;

  void measure_norm(const Node& norm, const float* x);
  void load_and_measure();

  using BeforeLayer = std::function<void(const Step&, const float* x)>;
  const float* run(const float* nhwc, std::int64_t images, std::uint64_t first_image,
                   const BeforeLayer& before = {});
  void run_images(const ImageSet&, const Normalization&, std::int64_t images,
                  const std::function<void(const Step&, const float* x, std::int64_t n)>& before);
  void free_slots();
  void reserve_slots(std::int64_t images);
  const float* value(int node, const float* nhwc) const;
  void run_step(std::size_t s, const float* nhwc, std::int64_t images, std::uint64_t first_image,
                const BeforeLayer& before);

  Graph graph;
  Weights weights;   ///< as given
  Weights mappable;  ///< what is mapped: BatchNorm folded where the semantics say so
  NoiseSettings noise;
  Periphery periphery;
  LayerDevices devices;
  ExactDevice exact;
  Backend& backend;
  Plan plan;
  std::vector<Step> crossbar;  ///< the crossbar steps, by layer
  std::vector<MappedLayer> mapped;
  std::vector<LayerRanges> ranges;  ///< empty until calibrated
  std::vector<float> measured;      ///< normalised images that BatchNorm is measured on
  std::int64_t measured_images = 0;
  std::map<std::string, ChannelMoments> undisturbed;  ///< what digital BatchNorms see of them

  // What is loaded at the moment.
  Loaded loaded = Loaded::digital;
  NoiseKey loaded_key;
  Weights digital;  ///< all tensors but kernels, rule for negative variances applied
  bool every_answer_nan = false;
  std::vector<std::unique_ptr<LoadedLayer>> layers;  ///< by step; null for digital ones
  std::vector<ChannelAffine> norms;                  ///< by step; of BatchNorms by themselves
  std::vector<std::unique_ptr<Activations>> slots;
  std::vector<float*> slot_values;  ///< where each slot lies now
  Tally tally;
};

AnalogNetwork::State::State(const Graph& g, const Weights& w, const NoiseSettings& n,
                            const Periphery& p, LayerDevices d, Backend& b)
    : graph(g),
      weights(w),
      noise(n),
      periphery(p),
      devices(std::move(d)),
      exact(*devices.common),
      backend(b),
      plan(make_plan(graph)),
      crossbar(static_cast<std::size_t>(plan.layers)) {
  free_slots();
  noise.validate();
  devices.check(graph);
  check_weights(graph, weights, "the given weights");
  if (noise.negative_variance == NegativeVariance::dead &&
      noise.perturbs(TensorKind::moving_variance) && !every_norm_meets_relu(graph))
    throw UnsupportedError(
        "noise.negative_variance = \"dead\" needs a ReLU after every BatchNorm, and this network "
        "has one without; accepted: \"nan\", \"clamp0\", \"abs\"");
  mappable = noise.semantics == Semantics::folded ? fold_batch_norm(graph, weights) : weights;
  for (const Step& step : plan.steps)
    if (step.layer >= 0) crossbar[static_cast<std::size_t>(step.layer)] = step;
}

/// The layer computed with its weights as they are: one plane in units of weights.
LayerOnTiles AnalogNetwork::State::digital_layer(const Step& step) const {
  const auto w = kernel(weights, step);
  Plane plane;
  plane.G_S.assign(w.begin(), w.end());
  for (const double v : plane.G_S)
    plane.current_span_S = std::max(plane.current_span_S, std::abs(v));
  LayerOnTiles layer;
  layer.layer = static_cast<std::uint16_t>(step.layer);
  layer.geometry = node(step.mvm).conv;
  layer.planes.push_back(std::move(plane));
  return layer;
}

Periphery AnalogNetwork::State::periphery_of(const Step& step) const {
  Periphery around = periphery;
  if (around.dac && may_be_negative(graph, step.x)) around.dac->is_signed = true;
  return around;
}

LayerOnTiles AnalogNetwork::State::programmed_layer(const Step& step, const DeviceModel& on,
                                                    NoiseKey key) const {
  return mapped_layer(step).program(on, key, periphery_of(step));
}

LayerOnTiles AnalogNetwork::State::layer_of(const Step& step, Loaded what, NoiseKey key) const {
  if (what == Loaded::digital) return digital_layer(step);
  return programmed_layer(step, what == Loaded::exact ? exact : device_of(step), key);
}

Epilogue AnalogNetwork::State::epilogue(const Step& step, const Node* norm, bool relu) const {
  const Node& mvm = node(step.mvm);
  const auto bias = digital.find(mvm.name + ".bias");
  ChannelAffine affine =
      channel_affine(digital, mvm.channels, norm, bias == digital.end() ? nullptr : &bias->second);
  return {std::move(affine.scale), std::move(affine.shift), relu};
}

AnalogNetwork::State::Contents AnalogNetwork::State::draw_of(std::uint64_t seed,
                                                             std::uint64_t draw) const {
  if (noise.perturbs_digital()) require_form_factor(*devices.common);
  const NoiseKey key = noise_key(seed, draw);
  return {noise.perturbs(TensorKind::kernel) ? Loaded::devices : Loaded::exact, key,
          perturbed_digital(graph, mappable, noise, devices.common->form_factor(), key)};
}

void AnalogNetwork::State::load(Contents contents) {
  digital = std::move(contents.digital);
  every_answer_nan = apply_negative_variance(graph, noise.negative_variance, digital);
  loaded = contents.what;
  loaded_key = contents.key;
  layers.clear();
  layers.resize(plan.steps.size());
  norms.assign(plan.steps.size(), {});
  if (every_answer_nan) return;
  if (loaded != Loaded::digital && measured_images > 0) return load_and_measure();
  for (std::size_t s = 0; s < plan.steps.size(); ++s) load_step(s, false);
}

void AnalogNetwork::State::load_step(std::size_t s, bool measures) {
  const Step& step = plan.steps[s];
  if (step.mvm < 0) {
    if (node(step.node).op != Op::batch_norm) return;
    if (measures) measure_norm(node(step.node), value(step.x, measured.data()));
    norms[s] = channel_affine(digital, node(step.node).channels, &node(step.node), nullptr);
    return;
  }
  const LayerOnTiles tiles = loaded_layer(step);
  if (measures && step.norm >= 0) {
    float* sums = slot_values[static_cast<std::size_t>(step.slot)];
    load_layer(step, tiles, epilogue(step, nullptr, false))
        ->forward(value(step.x, measured.data()), measured_images, kFirstMeasuredImage, nullptr,
                  sums, tally);
    measure_norm(node(step.norm), sums);
  }
  layers[s] = load_layer(step, tiles, epilogue(step));
}

std::unique_ptr<LoadedLayer> AnalogNetwork::State::load_layer(const Step& step,
                                                              const LayerOnTiles& tiles,
                                                              const Epilogue& after) const {
  const bool calibrated = loaded != Loaded::digital && !ranges.empty();
  return backend.load(tiles, after,
                      calibrated ? &ranges[static_cast<std::size_t>(step.layer)] : nullptr);
}

void AnalogNetwork::State::measure_norm(const Node& norm, const float* x) {
  const std::int64_t pixels = measured_images * norm.height * norm.width;
  std::vector<float> buffer;
  const ChannelMoments seen =
      channel_moments(backend.on_host(x, static_cast<std::size_t>(pixels * norm.channels), buffer),
                      pixels, norm.channels);
  if (loaded != Loaded::digital)
    follow_moments(undisturbed.at(norm.name), seen, norm, digital);
  else
    undisturbed[norm.name] = seen;
}

/// Takes the images through the network while it is loaded: a BatchNorm sees what the layers before
/// it, already measured, give.
void AnalogNetwork::State::load_and_measure() {
  const Tally counted = tally;
  reserve_slots(measured_images);
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    load_step(s, true);
    run_step(s, measured.data(), measured_images, kFirstMeasuredImage, {});
  }
  free_slots();
  tally = counted;
}

void AnalogNetwork::State::free_slots() {
  slots.clear();
  for (std::size_t i = 0; i < plan.slot_size.size(); ++i) slots.push_back(backend.activations());
  slot_values.assign(slots.size(), nullptr);
}

void AnalogNetwork::State::reserve_slots(std::int64_t images) {
  for (std::size_t i = 0; i < slots.size(); ++i)
    slot_values[i] = slots[i]->at_least(static_cast<std::size_t>(images * plan.slot_size[i]));
}

/// Where a node's output lies; null for no node.
const float* AnalogNetwork::State::value(int node, const float* nhwc) const {
  if (node < 0) return nullptr;
  const int slot = plan.slot[static_cast<std::size_t>(node)];
  return slot < 0 ? nhwc : slot_values[static_cast<std::size_t>(slot)];
}

void AnalogNetwork::State::run_step(std::size_t s, const float* nhwc, std::int64_t images,
                                    std::uint64_t first_image, const BeforeLayer& before) {
  const Step& step = plan.steps[s];
  const float *x = value(step.x, nhwc), *residual = value(step.residual, nhwc);
  float* y = slot_values[static_cast<std::size_t>(step.slot)];
  if (step.mvm < 0) {
    DigitalOp op = digital_op(node(step.node), node(step.x), norms[s], images);
    op.x = x, op.other = residual, op.y = y;
    return backend.run(op);
  }
  if (before) before(step, x);
  layers[s]->forward(x, images, first_image, residual, y, tally);
}

/// Runs every step on the images and returns the last one's output.
const float* AnalogNetwork::State::run(const float* nhwc, std::int64_t images,
                                       std::uint64_t first_image, const BeforeLayer& before) {
  reserve_slots(images);
  for (std::size_t s = 0; s < plan.steps.size(); ++s)
    run_step(s, nhwc, images, first_image, before);
  return value(plan.steps.back().node, nhwc);
}

/// Takes the first images of a set through what is loaded, batch by batch.
void AnalogNetwork::State::run_images(
    const ImageSet& set, const Normalization& normalization, std::int64_t images,
    const std::function<void(const Step&, const float* x, std::int64_t n)>& before) {
  std::vector<float> x;
  images = std::min(images, set.size());
  for (std::int64_t first = 0; first < images; first += kCalibrationBatch) {
    const std::int64_t count = std::min(kCalibrationBatch, images - first);
    x.resize(static_cast<std::size_t>(count * ImageSet::kPixels));
    normalized_batch(set, normalization, first, count, x.data());
    run(x.data(), count, static_cast<std::uint64_t>(first),
        [&](const Step& step, const float* in) { before(step, in, count); });
  }
}

AnalogNetwork::AnalogNetwork(const Graph& graph, const Weights& weights,
                             const MappingSettings& mapping, const NoiseSettings& noise,
                             const Periphery& periphery, LayerDevices devices, Backend& backend)
    : state_(
          std::make_unique<State>(graph, weights, noise, periphery, std::move(devices), backend)) {
  State& s = *state_;
  for (const Step& step : s.crossbar) {
    s.mapped.emplace_back(s.node(step.mvm).name, static_cast<std::uint16_t>(step.layer),
                          s.node(step.mvm).conv, s.kernel(s.mappable, step), mapping,
                          s.device_of(step).g_min_S, s.device_of(step).g_max_S);
    s.mapped.back().spare(spared_filters(s.graph, s.weights, s.noise, step.mvm));
  }
}

AnalogNetwork::~AnalogNetwork() = default;

void AnalogNetwork::load_ideal() {
  State& s = *state_;
  s.load({Loaded::digital, {}, perturbed_digital(s.graph, s.weights, s.noise, 0.0, {})});
}

void AnalogNetwork::load_noise_free() {
  State& s = *state_;
  s.load({Loaded::exact, {}, perturbed_digital(s.graph, s.mappable, s.noise, 0.0, {})});
}

void AnalogNetwork::program(std::uint64_t seed, std::uint64_t draw) {
  state_->load(state_->draw_of(seed, draw));
}

void AnalogNetwork::calibrate(const ImageSet& set, const Normalization& normalization,
                              std::int64_t images) {
  State& s = *state_;
  if (!s.periphery.needs_ranges()) return;
  load_ideal();
  s.ranges.assign(s.crossbar.size(), {});
  std::vector<std::unique_ptr<LoadedLayer>> observers;
  for (const Step& step : s.crossbar)
    observers.push_back(s.backend.load(s.programmed_layer(step, s.exact, {}), s.epilogue(step),
                                       &s.ranges[static_cast<std::size_t>(step.layer)]));
  s.run_images(set, normalization, images,
               [&](const Step& step, const float* x, std::int64_t count) {
                 const auto i = static_cast<std::size_t>(step.layer);
                 observers[i]->observe(x, count, s.ranges[i]);
               });
}

std::vector<std::vector<double>> AnalogNetwork::row_drives(const ImageSet& set,
                                                           const Normalization& normalization,
                                                           std::int64_t images) {
  State& s = *state_;
  OHMIC_ASSERT(!s.periphery.dac || !s.ranges.empty());
  load_ideal();
  std::vector<RowActivity> rows;
  for (const Step& step : s.crossbar)
    rows.emplace_back(s.node(step.mvm).conv, s.periphery_of(step),
                      s.ranges.empty() ? 0.0 : s.ranges[rows.size()].input);
  std::vector<float> buffer;
  s.run_images(set, normalization, images,
               [&](const Step& step, const float* x, std::int64_t count) {
                 const Node& in = s.node(step.x);
                 const std::int64_t values = count * in.height * in.width * in.channels;
                 rows[static_cast<std::size_t>(step.layer)].observe(
                     s.backend.on_host(x, static_cast<std::size_t>(values), buffer), count);
               });
  std::vector<std::vector<double>> means;
  for (const RowActivity& drive : rows) means.push_back(drive.mean_squares());
  return means;
}

Periphery AnalogNetwork::periphery(std::size_t i) const {
  return state_->periphery_of(state_->crossbar.at(i));
}

const std::vector<LayerRanges>& AnalogNetwork::ranges() const { return state_->ranges; }

void AnalogNetwork::take_ranges(std::vector<LayerRanges> ranges) {
  OHMIC_ASSERT(ranges.size() == state_->crossbar.size());
  state_->ranges = std::move(ranges);
}

void AnalogNetwork::measure_batch_norm(const ImageSet& set, const Normalization& normalization,
                                       std::int64_t images) {
  State& s = *state_;
  OHMIC_ASSERT(s.noise.leaves_statistics());
  s.measured_images = std::min(images, set.size());
  s.measured.resize(static_cast<std::size_t>(s.measured_images * ImageSet::kPixels));
  normalized_batch(set, normalization, 0, s.measured_images, s.measured.data());
  load_ideal();
  s.load_and_measure();
}

std::vector<float> AnalogNetwork::logits(const float* nhwc, std::int64_t images,
                                         std::uint64_t first_image) {
  State& s = *state_;
  OHMIC_ASSERT(!s.layers.empty());
  const std::int64_t classes = s.graph.classes, pixels = values_per_image(s.graph.nodes.front());
  std::vector<float> out(static_cast<std::size_t>(images * classes),
                         std::numeric_limits<float>::quiet_NaN());
  if (s.every_answer_nan) return out;
  const std::int64_t at_once = s.backend.images_at_once();
  std::vector<float> buffer;
  for (std::int64_t i = 0; i < images; i += at_once) {
    const std::int64_t count = std::min(at_once, images - i);
    const float* y = s.run(nhwc + i * pixels, count, first_image + static_cast<std::uint64_t>(i));
    std::copy_n(s.backend.on_host(y, static_cast<std::size_t>(count * classes), buffer),
                count * classes, out.begin() + i * classes);
  }
  return out;
}

std::vector<float> AnalogNetwork::layer_output(std::size_t layer, const float* x,
                                               std::int64_t images) {
  State& s = *state_;
  const Step& step = s.crossbar.at(layer);
  const Node* norm = step.norm >= 0 ? &s.node(step.norm) : nullptr;
  std::vector<float> y(static_cast<std::size_t>(images * values_per_image(s.node(step.mvm))));
  s.load_layer(step, s.loaded_layer(step), s.epilogue(step, norm, false))
      ->forward(x, images, 0, nullptr, y.data(), s.tally);
  return y;
}

void AnalogNetwork::visit_layers(const float* nhwc, std::int64_t images,
                                 const LayerVisitor& visitor) {
  State& s = *state_;
  OHMIC_ASSERT(!s.layers.empty() && !s.every_answer_nan);
  std::vector<float> buffer;
  s.run(nhwc, images, 0, [&](const Step& step, const float* x) {
    const auto layer = static_cast<std::size_t>(step.layer);
    const auto values = static_cast<std::size_t>(images * values_per_image(s.node(step.x)));
    const std::vector<float> output = layer_output(layer, x, images);
    visitor(layer, {s.backend.on_host(x, values, buffer), values}, output);
  });
}

Predictions AnalogNetwork::evaluate(const ImageSet& set, const Normalization& normalization,
                                    std::int64_t first, std::int64_t count, std::int64_t batch) {
  State& s = *state_;
  OHMIC_ASSERT(first >= 0 && count >= 0 && first + count <= set.size() && batch > 0);
  Predictions predictions;
  take_tally();
  std::vector<float> x;
  for (std::int64_t i = first; i < first + count; i += batch) {
    const std::int64_t n = std::min(batch, first + count - i);
    x.resize(static_cast<std::size_t>(n * ImageSet::kPixels));
    normalized_batch(set, normalization, i, n, x.data());
    const std::vector<float> y = logits(x.data(), n, static_cast<std::uint64_t>(i));
    for (std::int64_t j = 0; j < n; ++j) {
      const int answer = predicted_class(y.data() + j * s.graph.classes, s.graph.classes);
      predictions.correct.push_back(answer == set.labels[static_cast<std::size_t>(i + j)]);
    }
  }
  predictions.tally = take_tally();
  return predictions;
}

Tally AnalogNetwork::take_tally() { return std::exchange(state_->tally, {}); }

Weights AnalogNetwork::State::effective_weights(const Contents& contents) const {
  Weights all = contents.digital;
  for (const Step& step : crossbar) {
    const std::string name = node(step.mvm).name + ".weight";
    all[name] = weights.at(name);
    if (contents.what != Loaded::digital)
      all[name].values = layer_of(step, contents.what, contents.key).effective_weights();
  }
  return all;
}

Weights AnalogNetwork::effective_weights() const {
  const State& s = *state_;
  return s.effective_weights({s.loaded, s.loaded_key, s.digital});
}

Weights AnalogNetwork::effective_weights(std::uint64_t seed, std::uint64_t draw) const {
  const State& s = *state_;
  OHMIC_ASSERT(s.measured_images == 0);
  State::Contents contents = s.draw_of(seed, draw);
  apply_negative_variance(s.graph, s.noise.negative_variance, contents.digital);
  return s.effective_weights(contents);
}

const std::vector<MappedLayer>& AnalogNetwork::layers() const { return state_->mapped; }

std::vector<LayerNoise> AnalogNetwork::measure_noise(std::uint64_t seed, std::uint64_t draw) const {
  const State& s = *state_;
  std::vector<LayerNoise> noise;
  for (const Step& step : s.crossbar) {
    const auto got =
        s.programmed_layer(step, s.device_of(step), noise_key(seed, draw)).effective_weights();
    noise.push_back(compare(s.mapped_layer(step), s.kernel(s.mappable, step), got));
  }
  return noise;
}

std::vector<double> AnalogNetwork::unused_adc_bits() const {
  const State& s = *state_;
  std::vector<double> bits;
  if (!s.periphery.adc || s.ranges.empty()) return bits;
  for (const Step& step : s.crossbar)
    bits.push_back(unused_bits(s.programmed_layer(step, s.exact, {}),
                               s.ranges[static_cast<std::size_t>(step.layer)]));
  return bits;
}

double Predictions::accuracy() const {
  const auto right = std::count(correct.begin(), correct.end(), std::uint8_t{1});
  return correct.empty() ? 0.0 : static_cast<double>(right) / static_cast<double>(correct.size());
}

int predicted_class(const float* logits, int classes) {
  int best = 0;
  for (int c = 1; c < classes; ++c)
    if (logits[c] > logits[best]) best = c;
  return best;
}

}  // namespace ohmic
