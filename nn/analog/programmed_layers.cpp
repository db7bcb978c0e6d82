#include "nn/analog/programmed_layers.hpp"

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "nn/analog/batch_norm.hpp"

namespace ohmic {
namespace {

std::optional<ProgrammedLayer::Drive> drive_of(const Periphery& around, const LayerRanges* ranges) {
  if (!around.dac || !ranges) return std::nullopt;
  const double range = ranges->input > 0 ? ranges->input : 1;  // as converters take it
  return ProgrammedLayer::Drive{around.dac->is_signed ? -range : 0.0, range};
}

/// The part `strength` of the way from `from` to `to`, which takes it.
void go(std::span<const float> from, double strength, std::span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<float>(std::lerp(double{from[i]}, double{to[i]}, strength));
}

/// The same from `factor` times what `from` is beyond a reference.
void go(std::span<const double> from, std::span<const double> factor, double strength,
        std::span<double> to, double reference = 0) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = std::lerp(reference + factor[i] * (from[i] - reference), to[i], strength);
}

}  // namespace

ProgrammedLayers::ProgrammedLayers(const MappedNetwork& network, Calibration ranges,
                                   Backend& backend, std::uint64_t seed, std::uint64_t draw,
                                   double strength, WrittenFor updates)
    : crossbars_(network, std::move(ranges), backend), key_(noise_key(seed, draw)) {
  for (const Step& step : network->crossbar) {
    const DeviceModel& device = network->device_of(step);
    const Periphery around = network->periphery_of(step);
    ProgrammedLayer& made = layers_[step.mvm];
    if (!device.non_linear() && around.is_ideal_per_mvm(device.reads_noisily()) &&
        !are_rounded(around.products)) {
      hold(step, product_of(step, strength));
      continue;
    }
    LayerOnTiles tiles = tiles_of(step, strength);
    hold(step, {tiles.effective_weights(), tiles.effective_bias()});
    const LayerRanges* ranges = crossbars_.ranges_of(step);
    const LayerLoader load = tiles_loader(backend, std::move(tiles), ranges);
    made = {load(bias_of(step, *network->weights)), drive_of(around, ranges)};
    if (updates == WrittenFor::all_updates) loaders_[step.mvm] = load;
  }
}

void ProgrammedLayers::take_biases(const Weights& weights) {
  for (const Step& step : crossbars_.network()->crossbar)
    if (const auto load = loaders_.find(step.mvm); load != loaders_.end())
      layers_.at(step.mvm).layer = load->second(bias_of(step, weights));
}

MappedLayer::Product ProgrammedLayers::product_of(const Step& step, double strength) const {
  MappedLayer::Product held = crossbars_.product(step, Loaded::devices, key_);
  if (strength == 1) return held;
  const MappedLayer::Product exact = crossbars_.product(step, Loaded::exact, key_);
  go(exact.weights, strength, held.weights);
  go(exact.bias, strength, held.bias);
  return held;
}

LayerOnTiles ProgrammedLayers::tiles_of(const Step& step, double strength) const {
  LayerOnTiles tiles = crossbars_.tiles(step, Loaded::devices, key_);
  if (strength == 1) return tiles;
  const LayerOnTiles exact = crossbars_.tiles(step, Loaded::exact, key_);
  for (std::size_t p = 0; p < tiles.planes.size(); ++p) {
    Plane& plane = tiles.planes[p];
    const Plane& from = exact.planes[p];
    // What the exact cells weigh, in the other's digital factors (compensation).
    std::vector<double> factor = exact.weights_of_cells(from);
    const std::vector<double> own = tiles.weights_of_cells(plane);
    for (std::size_t i = 0; i < factor.size(); ++i)
      factor[i] = own[i] == 0 ? 1 : factor[i] / own[i];
    go(from.G_S, factor, strength, plane.G_S);
    go(from.a_A_V2, factor, strength, plane.a_A_V2);
    go(from.b_A_V3, factor, strength, plane.b_A_V3);
    for (std::size_t a = 0; a < plane.arrays.size(); ++a)
      go(from.arrays[a].G_S, factor, strength, plane.arrays[a].G_S, from.reference_S);
    for (double& variance : plane.read_variance_S2) variance *= strength * strength;
  }
  tiles.added_weight = std::lerp(exact.added_weight, tiles.added_weight, strength);
  return tiles;
}

void ProgrammedLayers::hold(const Step& step, MappedLayer::Product product) {
  const MappedNetwork& network = crossbars_.network();
  const std::string name = network->node(step.mvm).name + ".weight";
  on_devices_[name] = {network->weights->at(name).shape, std::move(product.weights)};
  if (!network->has_bias_row(step)) return;
  const std::string bias = network->bias_of(step);
  on_devices_[bias] = {network->weights->at(bias).shape, std::move(product.bias)};
}

Epilogue ProgrammedLayers::bias_of(const Step& step, const Weights& weights) const {
  const MappedNetwork& network = crossbars_.network();
  const auto bias = weights.find(network->node(step.mvm).name + ".bias");
  const bool is_digital = bias != weights.end() && !network->has_bias_row(step);
  ChannelAffine affine = channel_affine(weights, network->geometry(step).columns(), nullptr,
                                        is_digital ? &bias->second : nullptr);
  return {std::move(affine.scale), std::move(affine.shift), false};
}

}  // namespace ohmic
