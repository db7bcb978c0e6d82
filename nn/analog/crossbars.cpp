#include "nn/analog/crossbars.hpp"

#include <utility>

#include "nn/analog/batch_norm.hpp"
#include "nn/analog/digital_noise.hpp"
#include "simulator/call_error.hpp"
#include "simulator/range_observer.hpp"

namespace ohmic {
namespace {

void require_form_factor(const DeviceModel& device) {
  if (device.form_factor() >= 0) return;
  std::vector<Fault> faults(1);
  faults[0].key = "noise.semantics";
  faults[0].message =
      "noise on biases or BatchNorm needs a device with a form factor eta (awgn with reference = "
      "\"sigma_w\"); accepted with this device: \"kernels\", \"folded\"";
  throw ConfigError(std::move(faults));
}

Calibration checked(const MappedNetwork& network, Calibration ranges) {
  require_call(
      ranges.empty() ? !network.needs_ranges() : ranges.size() == network.layers().size(),
      "AnalogNetwork: needs the ranges of every crossbar layer, as calibrate() finds them");
  return ranges;
}

}  // namespace

LayerContents digital_contents(const MappedNetwork& network) {
  return {Loaded::digital,
          {},
          perturbed_digital(network->graph, *network->weights, network->noise, 0.0, {})};
}

Crossbars::Crossbars(MappedNetwork network, Calibration ranges, Backend& backend)
    : network_(std::move(network)),
      ranges_(checked(network_, std::move(ranges))),
      backend_(backend),
      layers_(network_.layers(ranges_)) {}

const LayerRanges* Crossbars::ranges_of(const Step& step) const {
  return ranges_.empty() ? nullptr : &ranges_[static_cast<std::size_t>(step.layer)];
}

WireSolver Crossbars::wire_solver() const {
  return [this](int K, int N, TileShape tile, const Wires& wires, std::span<double> G_S) {
    backend_.apply_wires(K, N, tile, wires, G_S);
  };
}

LayerOnTiles Crossbars::tiles(const Step& step, Loaded what, NoiseKey key) const {
  LayerOnTiles tiles =
      layer(step).program(device(step, what), key, network_->periphery_of(step), wire_solver());
  tiles.layer = static_cast<std::uint16_t>(step.layer);  // noise of each use is its own
  return tiles;
}

MappedLayer::Product Crossbars::product(const Step& step, Loaded what, NoiseKey key) const {
  return layer(step).program_product(device(step, what), key, network_->periphery_of(step),
                                     wire_solver());
}

LayerContents Crossbars::draw(std::uint64_t seed, std::uint64_t draw) const {
  const NoiseSettings& noise = network_->noise;
  const DeviceModel& common = *network_->devices.common;
  if (noise.perturbs_digital()) require_form_factor(common);
  const NoiseKey key = noise_key(seed, draw);
  Weights digital =
      perturbed_digital(network_->graph, *network_->mappable, noise, common.form_factor(), key);
  apply_negative_variance(network_->graph, noise.negative_variance, digital);
  return {kind_of_draws(), key, std::move(digital)};
}

LayerContents Crossbars::noise_free() const {
  return {Loaded::exact,
          {},
          perturbed_digital(network_->graph, *network_->mappable, network_->noise, 0.0, {})};
}

Weights Crossbars::effective_weights(const LayerContents& contents) const {
  Weights all = contents.digital;
  for (const Step& step : network_->crossbar) {
    const std::string name = network_->node(step.mvm).name + ".weight";
    MappedLayer::Product held = product(step, contents.what, contents.key);
    all[name] = {network_->weights->at(name).shape, std::move(held.weights)};
    if (network_->has_bias_row(step)) all[network_->bias_of(step)].values = std::move(held.bias);
  }
  return all;
}

std::vector<double> Crossbars::unused_adc_bits() const {
  std::vector<double> bits;
  if (!network_->periphery.adc) return bits;
  for (const Step& step : network_->crossbar)
    bits.push_back(unused_bits(tiles(step, Loaded::exact, {}), *ranges_of(step)));
  return bits;
}

std::vector<ProgrammingPlan> Crossbars::programming_plans() const {
  std::vector<ProgrammingPlan> plans;
  for (const Step& step : network_->crossbar) {
    auto plan = layer(step).plan(device(step, kind_of_draws()), network_->periphery_of(step));
    if (!plan || network_->has_bias_row(step)) return {};
    plans.push_back(std::move(*plan));
  }
  return plans;
}

std::vector<LayerNoise> Crossbars::measure_noise(std::uint64_t seed, std::uint64_t draw) const {
  std::vector<LayerNoise> noise;
  for (const Step& step : network_->crossbar) {
    std::span<const float> wanted = network_->kernel(*network_->mappable, step);
    NoiseSums sums;
    layer(step).each_product(network_->device_of(step), noise_key(seed, draw),
                             network_->periphery_of(step), wire_solver(),
                             [&](const MappedLayer::Product& part) {
                               sums.add(wanted.first(part.weights.size()), part.weights);
                               wanted = wanted.subspan(part.weights.size());
                             });
    noise.push_back(sums.of(layer(step)));
  }
  return noise;
}

}  // namespace ohmic
