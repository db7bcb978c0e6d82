#include "nn/analog/mapped_network.hpp"

#include <algorithm>
#include <utility>

#include "nn/analog/batch_norm.hpp"
#include "nn/analog/bias_row.hpp"
#include "nn/analog/digital_noise.hpp"
#include "nn/analog/layer_cells.hpp"
#include "nn/analog/mapped_network_state.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {

MappedNetwork::MappedNetwork(const Graph& graph, const Weights& weights,
                             const MappingSettings& mapping, const NoiseSettings& noise,
                             const NetworkPeriphery& periphery, LayerDevices devices)
    : MappedNetwork(graph, std::make_shared<const Weights>(weights), mapping, noise, periphery,
                    std::move(devices)) {}

MappedNetwork::MappedNetwork(const Graph& graph, std::shared_ptr<const Weights> weights,
                             const MappingSettings& mapping, const NoiseSettings& noise,
                             const NetworkPeriphery& periphery, LayerDevices devices)
    : state_(std::make_shared<const State>(graph, std::move(weights), mapping, noise, periphery,
                                           std::move(devices))) {}

bool MappedNetwork::needs_ranges() const {
  return state_->periphery.needs_ranges() || state_->needs_full_scales();
}

const std::vector<MappedLayer>& MappedNetwork::layers() const { return state_->layers; }

std::vector<MappedLayer> MappedNetwork::layers(const Calibration& ranges) const {
  std::vector<MappedLayer> layers = state_->layers;
  if (ranges.empty()) return layers;
  for (const Step& step : state_->crossbar)
    if (state_->needs_full_scale(step))
      layers[static_cast<std::size_t>(step.layer)] = state_->map(step, ranges);
  return layers;
}

Periphery MappedNetwork::periphery(std::size_t layer) const {
  require_call(layer < state_->crossbar.size(), "periphery: there is no such layer");
  return state_->periphery_of(state_->crossbar[layer]);
}

bool MappedNetwork::is_used_again(std::size_t layer) const {
  require_call(layer < state_->crossbar.size(), "is_used_again: there is no such layer");
  return state_->node(state_->crossbar[layer].mvm).shares >= 0;
}

MappedNetwork::State::State(const Graph& g, std::shared_ptr<const Weights> w,
                            const MappingSettings& m, const NoiseSettings& n,
                            const NetworkPeriphery& p, LayerDevices d)
    : graph(g),
      weights(std::move(w)),
      mapping(m),
      noise(n),
      periphery(p),
      devices(std::move(d)),
      plan(make_plan(graph)),
      crossbar(static_cast<std::size_t>(plan.layers)) {
  check();
  mappable = noise.semantics == Semantics::folded
                 ? std::make_shared<const Weights>(fold_batch_norm(graph, *weights))
                 : weights;
  for (const Step& step : plan.steps)
    if (step.layer >= 0) crossbar[static_cast<std::size_t>(step.layer)] = step;
  part_different_uses();
  for (const Step& step : crossbar) exact.emplace_back(device_of(step));
  for (const Step& step : crossbar) layers.push_back(map(step, {}));
  for (const Step& step : crossbar) surroundings.push_back(periphery_around(step));
}

void MappedNetwork::State::check() const {
  noise.validate();
  check_biases(mapping, noise);
  devices.check(graph);
  periphery.check(graph);
  devices.check_cells(layer_cells(graph, mapping, noise));
  check_weights(graph, *weights, "the given weights");
  if (noise.negative_variance == NegativeVariance::dead &&
      noise.perturbs(TensorKind::moving_variance) && !every_norm_meets_relu(graph))
    throw UnsupportedError(
        "noise.negative_variance = \"dead\" needs a ReLU after every BatchNorm, and this network "
        "has one without; accepted: \"nan\", \"clamp0\", \"abs\"");
}

/// BatchNorm that is folded into a kernel, and biases on devices, can make uses of one matrix
/// different ones: then each has a crossbar of its own.
void MappedNetwork::State::part_different_uses() {
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

std::int64_t MappedNetwork::State::values_in(const Step& step) const {
  const ConvGeometry& g = geometry(step);
  return std::int64_t{g.in_height} * g.in_width * g.in_channels;
}

std::int64_t MappedNetwork::State::values_out(const Step& step) const {
  const ConvGeometry& g = geometry(step);
  return std::int64_t{g.positions()} * g.out_channels;
}

std::string MappedNetwork::State::bias_of(const Step& step) const {
  return bias_tensor(graph, step, noise);
}

const Node& MappedNetwork::State::owner(const Step& step) const {
  const int shared = node(step.mvm).shares;
  return node(shared < 0 ? step.mvm : shared);
}

int MappedNetwork::State::crossbar_number(const Step& step) const {
  const Node& own = owner(step);
  const auto first =
      std::ranges::find_if(crossbar, [&](const Step& other) { return &node(other.mvm) == &own; });
  return first->layer;
}

Periphery MappedNetwork::State::periphery_around(const Step& step) const {
  Periphery around = periphery.of(owner(step).name);
  if (around.dac && may_be_negative(graph, step.x)) around.dac->is_signed = true;
  return around;
}

bool MappedNetwork::State::needs_full_scales() const {
  return std::ranges::any_of(crossbar, [this](const Step& step) { return needs_full_scale(step); });
}

bool MappedNetwork::State::has_large_weights() const {
  std::int64_t size = 0;
  for (const Step& step : crossbar) size += std::ssize(kernel(*weights, step));
  return size >= kLargeTensor;
}

/// Of the inputs of a crossbar, which is programmed for all that drives it; 0 where it is not
/// known or does not matter.
double MappedNetwork::State::full_scale(const Step& step, const Calibration& ranges) const {
  if (!needs_full_scale(step) || ranges.empty()) return 0;
  double range = 0;
  for (const Step& use : crossbar)
    if (&owner(use) == &owner(step))
      range = std::max(range, double{ranges[static_cast<std::size_t>(use.layer)].input});
  return range > 0 ? range : 1.0;
}

MappedLayer MappedNetwork::State::map(const Step& step, const Calibration& ranges) const {
  const DeviceModel& device = device_of(step);
  ConvGeometry shape = geometry(step);
  std::span<const float> matrix = kernel(*mappable, step);
  std::vector<float> with_biases;
  std::shared_ptr<const void> alive = mappable;
  const double full = full_scale(step, ranges);
  if (has_bias_row(step) && full > 0) {
    shape.bias_rows = 1;
    matrix = with_biases = with_bias_row(matrix, mappable->at(bias_of(step)).values, full);
    alive = nullptr;
  }
  MappedLayer layer(owner(step).name, static_cast<std::uint16_t>(crossbar_number(step)), shape,
                    matrix, mapping, device.g_min_S, device.g_max_S, full, std::move(alive));
  layer.spare(spared_filters(graph, *weights, noise, step.mvm));
  return layer;
}

}  // namespace ohmic
