#include "nn/analog/analog_state.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "nn/analog/bias_row.hpp"
#include "nn/analog/digital_noise.hpp"
#include "nn/analog/layer_cells.hpp"
#include "nn/analog/recurrence.hpp"
#include "nn/denormals.hpp"
#include "nn/freed_memory.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/call_error.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kLarge = std::int64_t{1} << 24;  // numbers worth giving memory back for

void require_form_factor(const DeviceModel& device) {
  if (device.form_factor() >= 0) return;
  std::vector<Fault> faults(1);
  faults[0].key = "noise.semantics";
  faults[0].message =
      "noise on biases or BatchNorm needs a device with a form factor eta (awgn with reference = "
      "\"sigma_w\"); accepted with this device: \"kernels\", \"folded\"";
  throw ConfigError(std::move(faults));
}

/// Where the back end's activations lie if LibTorch can compute there, else the host.
std::string device_of_operators(const Backend& backend) {
  const int gpu = backend.gpu();
  return gpu >= 0 && gpu < torch_gpu_count() ? "cuda:" + std::to_string(gpu) : "cpu";
}

void set_zero(HostTensor& tensor) { std::fill(tensor.values.begin(), tensor.values.end(), 0.0f); }

}  // namespace

AnalogNetwork::State::State(const Graph& g, std::shared_ptr<const Weights> w,
                            const MappingSettings& m, const NoiseSettings& n, const Periphery& p,
                            LayerDevices d, Backend& b)
    : graph(g),
      weights(std::move(w)),
      mapping(m),
      noise(n),
      periphery(p),
      devices(std::move(d)),
      backend(b),
      plan(make_plan(graph)),
      crossbar(static_cast<std::size_t>(plan.layers)),
      operators(graph, device_of_operators(b)) {
  free_slots();
  noise.validate();
  check_biases(mapping, noise);
  devices.check(graph);
  devices.check_cells(layer_cells(graph, mapping, noise));
  check_weights(graph, *weights, "the given weights");
  if (noise.negative_variance == NegativeVariance::dead &&
      noise.perturbs(TensorKind::moving_variance) && !every_norm_meets_relu(graph))
    throw UnsupportedError(
        "noise.negative_variance = \"dead\" needs a ReLU after every BatchNorm, and this network "
        "has one without; accepted: \"nan\", \"clamp0\", \"abs\"");
  mappable = noise.semantics == Semantics::folded
                 ? std::make_shared<const Weights>(fold_batch_norm(graph, *weights))
                 : weights;
  for (const Step& step : plan.steps)
    if (step.layer >= 0) crossbar[static_cast<std::size_t>(step.layer)] = step;
  part_different_uses();
  for (const Step& step : crossbar) exact.emplace_back(device_of(step));
  map();
}

/// BatchNorm that is folded into a kernel, and biases on devices, can make uses of one matrix
/// different ones: then each has a crossbar of its own.
void AnalogNetwork::State::part_different_uses() {
  const auto bias = [&](const Step& step) {
    return has_bias_row(step) ? mappable->at(bias_of(step)).values : std::vector<float>();
  };
  for (const Step& step : crossbar) {
    Node& use = graph.nodes[static_cast<std::size_t>(step.mvm)];
    if (use.shares < 0) continue;
    const Step& first = crossbar[static_cast<std::size_t>(crossbar_number(step))];
    if (!std::ranges::equal(kernel(*mappable, step), kernel(*mappable, first)) ||
        bias(step) != bias(first))
      use.shares = -1;
  }
}

std::string AnalogNetwork::State::bias_of(const Step& step) const {
  return bias_tensor(graph, step, noise);
}

bool AnalogNetwork::State::needs_full_scales() const {
  return std::any_of(crossbar.begin(), crossbar.end(),
                     [this](const Step& step) { return needs_full_scale(step); });
}

void AnalogNetwork::State::map() {
  mapped.clear();
  for (const Step& step : crossbar) {
    mapped.push_back(map_layer(step));
    mapped.back().spare(spared_filters(graph, *weights, noise, step.mvm));
  }
}

int AnalogNetwork::State::crossbar_number(const Step& step) const {
  const Node& own = owner(step);
  const auto first =
      std::ranges::find_if(crossbar, [&](const Step& other) { return &node(other.mvm) == &own; });
  return first->layer;
}

MappedLayer AnalogNetwork::State::map_layer(const Step& step) const {
  const DeviceModel& device = device_of(step);
  ConvGeometry geometry = node(step.mvm).conv;
  std::span<const float> matrix = kernel(*mappable, step);
  std::vector<float> with_biases;
  std::shared_ptr<const void> alive = mappable;
  double full_scale = 0;
  if (needs_full_scale(step) && !ranges.empty()) {
    double range = 0;
    for (const Step& use : crossbar)  // one crossbar is programmed for all that drives it
      if (&owner(use) == &owner(step))
        range = std::max(range, double{ranges[static_cast<std::size_t>(use.layer)].input});
    full_scale = range > 0 ? range : 1.0;
  }
  if (has_bias_row(step) && full_scale > 0) {
    geometry.bias_rows = 1;
    matrix = with_biases = with_bias_row(matrix, mappable->at(bias_of(step)).values, full_scale);
    alive = nullptr;
  }
  return {owner(step).name, static_cast<std::uint16_t>(crossbar_number(step)),
          geometry,         matrix,
          mapping,          device.g_min_S,
          device.g_max_S,   full_scale,
          std::move(alive)};
}

/// The layer computed with its weights as they are: one plane in units of weights.
LayerOnTiles AnalogNetwork::State::digital_layer(const Step& step) const {
  const auto w = kernel(*weights, step);
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

void AnalogNetwork::State::require_loaded() const {
  require_call(!layers.empty() || every_answer_nan,
               "nothing is loaded: call load_ideal(), load_noise_free() or program() before");
}

void AnalogNetwork::State::require_ranges() const {
  require_call(!ranges.empty() || !(periphery.needs_ranges() || needs_full_scales()),
               "ranges are not known: call calibrate() or take_ranges() before programming");
}

void AnalogNetwork::State::require_full_scale(const Step& step) const {
  require_call(!needs_full_scale(step) || !ranges.empty(),
               "layers with biases on devices or non-linear cells need calibrate() or "
               "take_ranges() before they are programmed");
}

Periphery AnalogNetwork::State::periphery_of(const Step& step) const {
  Periphery around = periphery;
  if (around.dac && may_be_negative(graph, step.x)) around.dac->is_signed = true;
  return around;
}

WireSolver AnalogNetwork::State::wire_solver() const {
  return [this](int K, int N, TileShape tile, const Wires& wires, std::span<double> G_S) {
    backend.apply_wires(K, N, tile, wires, G_S);
  };
}

LayerOnTiles AnalogNetwork::State::programmed_layer(const Step& step, const DeviceModel& on,
                                                    NoiseKey key) const {
  require_full_scale(step);
  LayerOnTiles layer = mapped_layer(step).program(on, key, periphery_of(step), wire_solver());
  layer.layer = static_cast<std::uint16_t>(step.layer);  // noise of each use is its own
  return layer;
}

MappedLayer::Product AnalogNetwork::State::programmed_product(const Step& step,
                                                              const DeviceModel& on,
                                                              NoiseKey key) const {
  require_full_scale(step);
  return mapped_layer(step).program_product(on, key, periphery_of(step), wire_solver());
}

Epilogue AnalogNetwork::State::epilogue(const Step& step, const Node* norm, bool relu) const {
  if (step.mvm < 0) {
    if (!norm) return {{}, {}, relu};
    ChannelAffine affine = channel_affine(digital, norm->channels, norm, nullptr);
    return {std::move(affine.scale), std::move(affine.shift), relu};
  }
  const Node& mvm = node(step.mvm);
  const auto bias = digital.find(mvm.name + ".bias");
  ChannelAffine affine = channel_affine(digital, mvm.conv.out_channels, norm,
                                        bias == digital.end() ? nullptr : &bias->second);
  return {std::move(affine.scale), std::move(affine.shift), relu};
}

AnalogNetwork::State::Contents AnalogNetwork::State::draw_of(std::uint64_t seed,
                                                             std::uint64_t draw) const {
  if (noise.perturbs_digital()) require_form_factor(*devices.common);
  const NoiseKey key = noise_key(seed, draw);
  Weights digital = perturbed_digital(graph, *mappable, noise, devices.common->form_factor(), key);
  apply_negative_variance(graph, noise.negative_variance, digital);
  return {noise.perturbs(TensorKind::kernel) ? Loaded::devices : Loaded::exact, key,
          std::move(digital)};
}

void AnalogNetwork::State::take(Contents contents) {
  digital = std::move(contents.digital);
  every_answer_nan = apply_negative_variance(graph, noise.negative_variance, digital);
  for (const Step& step : crossbar)
    if (contents.what != Loaded::digital && has_bias_row(step)) set_zero(digital.at(bias_of(step)));
  loaded = contents.what;
  loaded_key = contents.key;
  epilogues.assign(plan.steps.size(), {});
}

std::int64_t AnalogNetwork::State::images_at_once() const {
  std::int64_t images = 1;
  for (const Step& step : crossbar)
    images = std::max(images, backend.images_at_once(node(step.mvm).conv));
  return images;
}

int AnalogNetwork::State::draws_at_once() {
  return load_devices() && !noise.perturbs_digital() ? backend.draws_at_once() : 1;
}

void AnalogNetwork::State::program(std::uint64_t seed, std::uint64_t draw, int draws) {
  require_ranges();
  OHMIC_ASSERT(draws >= 1 && draws <= draws_at_once());
  if (!load_devices()) return load(draw_of(seed, draw));
  take(draw_of(seed, draw));
  if (every_answer_nan) return;
  std::vector<NoiseKey> keys;
  for (int i = 0; i < draws; ++i)
    keys.push_back(noise_key(seed, draw + static_cast<std::uint64_t>(i)));
  for (std::size_t s = 0; s < plan.steps.size(); ++s)
    if (resident[s])
      resident[s]->program(keys, epilogue(plan.steps[s]));
    else
      load_step(s, false);
}

Weights AnalogNetwork::State::effective_weights(const Contents& contents) const {
  Weights all = contents.digital;
  for (const Step& step : crossbar) {
    const std::string name = node(step.mvm).name + ".weight";
    if (contents.what == Loaded::digital) {
      all[name] = weights->at(name);
      continue;
    }
    MappedLayer::Product product =
        programmed_product(step, holds(step, contents.what), contents.key);
    all[name] = {weights->at(name).shape, std::move(product.weights)};
    if (has_bias_row(step)) all[bias_of(step)].values = std::move(product.bias);
  }
  return all;
}

void AnalogNetwork::State::free_slots() {
  slots.clear();
  for (std::size_t i = 0; i < plan.slot_size.size(); ++i) slots.push_back(backend.activations());
  slot_values.assign(slots.size(), nullptr);
}

bool AnalogNetwork::State::has_large_values() const {
  return std::ranges::any_of(plan.slot_size, [](std::int64_t size) { return size >= kLarge; });
}

bool AnalogNetwork::State::has_large_weights() const {
  std::int64_t size = 0;
  for (const Step& step : crossbar) size += std::ssize(kernel(*weights, step));
  return size >= kLarge;
}

void AnalogNetwork::State::reserve_slots(std::int64_t images) {
  for (std::size_t i = 0; i < slots.size(); ++i)
    slot_values[i] = slots[i]->at_least(static_cast<std::size_t>(images * plan.slot_size[i]));
}

void AnalogNetwork::State::begin(std::int64_t images) {
  samples = images;
  operators.begin(images);
}

/// Where a node's output lies; null for no node.
const float* AnalogNetwork::State::value(int i, const float* nhwc) {
  if (i < 0) return nullptr;
  if (node(i).op == Op::input) return nhwc;
  const int slot = plan.slot[static_cast<std::size_t>(i)];
  if (slot >= 0) return slot_values[static_cast<std::size_t>(slot)];
  return node(i).op == Op::recurrent ? host_values[i].data() : operators.values(i);
}

void AnalogNetwork::State::run_step(std::size_t s, const float* nhwc, std::int64_t images,
                                    std::uint64_t first_image, const BeforeLayer& before) {
  const Step& step = plan.steps[s];
  if (step.slot < 0)
    return step.mvm < 0 ? run_digital(step, nhwc)
                        : run_recurrent(s, nhwc, images, first_image, before);
  const float *x = value(step.x, nhwc), *residual = value(step.residual, nhwc);
  float* y = slot_values[static_cast<std::size_t>(step.slot)];
  if (step.mvm < 0)
    return backend.apply(epilogues[s], x, images * values_per_image(node(step.node)), residual, y);
  if (before) before(step, x);
  layers[s]->forward(x, images, first_image, residual, y, tally);
}

/// A node's output where the host can read it, until another batch begins.
const float* AnalogNetwork::State::on_host(int i, const float* nhwc) {
  const auto size = static_cast<std::size_t>(samples * values_per_image(node(i)));
  return backend.on_host(value(i, nhwc), size, host_values[i]);
}

/// Where the back end's activations lie, or on the host.
void AnalogNetwork::State::run_digital(const Step& step, const float* nhwc) {
  for (const int input : node(step.node).inputs) {
    const Op op = node(input).op;
    if (is_of_operators(node(input)) || op == Op::constant) continue;
    if (operators.device() == "cpu" || op == Op::input || op == Op::recurrent)
      operators.give(input, on_host(input, nhwc), "cpu");
    else
      operators.give(input, value(input, nhwc), operators.device());
  }
  operators.run(step.node, &step == &plan.steps.back());
}

/// A product per time step, each with noise of its own.
void AnalogNetwork::State::run_recurrent(std::size_t s, const float* nhwc, std::int64_t images,
                                         std::uint64_t first_image, const BeforeLayer& before) {
  const Step& step = plan.steps[s];
  const Node& cell = node(step.mvm);
  const int H = cell.conv.in_channels, steps = static_cast<int>(cell.shape.front());
  const std::int64_t in = cell.conv.out_channels, out = values_per_step(cell);
  const auto size = static_cast<std::size_t>(images * H);
  std::vector<float> h(size), c(size), product(static_cast<std::size_t>(images * in));
  const float* x = on_host(step.x, nhwc);
  std::vector<float>& all = host_values[step.node];
  all.resize(static_cast<std::size_t>(images * steps * out));
  for (int t = 0; t < steps; ++t) {
    if (before) before(step, h.data());
    layers[s]->forward(h.data(), images, mvm_event(first_image, static_cast<std::uint64_t>(t)),
                       nullptr, product.data(), tally);
    recurrent_step(cell.cell, images, H, x + t * in, steps * in, product.data(), h.data(), c.data(),
                   all.data() + t * out, steps * out);
  }
}

void AnalogNetwork::State::release_values(std::size_t s) {
  for (const int input : inputs_of(graph, plan.steps[s]))
    if (plan.last_reader[static_cast<std::size_t>(input)] == static_cast<int>(s))
      operators.release(input);
}

std::int64_t AnalogNetwork::State::values_in(const Step& step) const {
  const ConvGeometry& g = node(step.mvm).conv;
  return std::int64_t{g.in_height} * g.in_width * g.in_channels;
}

std::int64_t AnalogNetwork::State::values_out(const Step& step) const {
  const ConvGeometry& g = node(step.mvm).conv;
  return std::int64_t{g.positions()} * g.out_channels;
}

/// Runs every step on the images and returns the last one's output.
const float* AnalogNetwork::State::run(const float* nhwc, std::int64_t images,
                                       std::uint64_t first_image, const BeforeLayer& before) {
  const DenormalsAreZero fast;
  reserve_slots(images);
  begin(images);
  const bool is_large = has_large_values();
  const double share = static_cast<double>(images) / static_cast<double>(plan.steps.size());
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    run_step(s, nhwc, images, first_image, before);
    release_values(s);
    if (is_large) give_back_freed_memory();
    if (on_images) on_images(share);
  }
  return value(plan.steps.back().node, nhwc);
}

}  // namespace ohmic
