#include "nn/analog/loaded_layers.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "nn/analog/batch_norm.hpp"
#include "nn/freed_memory.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {
namespace {

void set_zero(HostTensor& tensor) { std::fill(tensor.values.begin(), tensor.values.end(), 0.0f); }

}  // namespace

LoadedLayers::LoadedLayers(MappedNetwork network, Backend& backend, const Crossbars* crossbars)
    : network_(std::move(network)), backend_(backend), crossbars_(crossbars) {}

void LoadedLayers::take(LayerContents contents) {
  contents_ = std::move(contents);
  if (crossbars_) ranges_ = crossbars_->calibration();
  every_answer_nan_ = apply_negative_variance(network_->graph, network_->noise.negative_variance,
                                              contents_.digital);
  for (const Step& step : network_->crossbar)
    if (contents_.what != Loaded::digital && network_->has_bias_row(step))
      set_zero(contents_.digital.at(network_->bias_of(step)));
  epilogues_.assign(network_->plan.steps.size(), {});
}

void LoadedLayers::begin(LayerContents contents) {
  take(std::move(contents));
  resident_.clear();
  layers_.clear();
  layers_.resize(network_->plan.steps.size());
}

void LoadedLayers::load_all() {
  for (const std::size_t s : large_first()) {
    load(s);
    if (network_->has_large_weights()) give_back_freed_memory();
  }
}

/// Steps by the size of their matrices: what a large one is packed from is gone before the others
/// are there.
std::vector<std::size_t> LoadedLayers::large_first() const {
  std::vector<std::size_t> order(network_->plan.steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto cells = [&](std::size_t s) {
    const Step& step = network_->plan.steps[s];
    if (step.mvm < 0) return std::int64_t{0};
    const ConvGeometry& g = network_->geometry(step);
    return std::int64_t{g.rows()} * g.columns();
  };
  std::ranges::stable_sort(order, std::greater<>(), cells);
  return order;
}

void LoadedLayers::load(std::size_t s) {
  const Step& step = network_->plan.steps[s];
  if (step.mvm >= 0)
    load(s, loader_of(step));
  else if (step.slot >= 0)
    epilogues_[s] = epilogue(step);
}

void LoadedLayers::load(std::size_t s, const LayerLoader& loader) {
  layers_[s] = loader(epilogue(network_->plan.steps[s]));
}

/// Loads layers whose devices the back end programs; false where the host has to.
bool LoadedLayers::load_devices() {
  if (!resident_.empty()) return true;
  if (host_programs_ || backend_.draws_at_once() == 0) return false;
  host_programs_ = true;  // unless every layer says otherwise
  std::vector<std::unique_ptr<ResidentLayer>> made;
  for (const Step& step : network_->crossbar) {
    const Periphery around = network_->periphery_of(step);
    const MappedLayer& mapped = crossbars_->layer(step);
    const DeviceModel& device = crossbars_->device(step, crossbars_->kind_of_draws());
    const auto devices = mapped.plan(device, around);
    if (!devices) return false;
    LayerOnTiles layer = mapped.unprogrammed(device, around);
    layer.layer = static_cast<std::uint16_t>(step.layer);
    made.push_back(backend_.load_devices(layer, *devices, crossbars_->ranges_of(step)));
    if (!made.back()) return false;
  }
  host_programs_ = false;
  const std::vector<Step>& steps = network_->plan.steps;
  layers_.clear();
  layers_.resize(steps.size());
  resident_.assign(steps.size(), nullptr);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (steps[s].mvm < 0) continue;
    auto& layer = made[static_cast<std::size_t>(steps[s].layer)];
    resident_[s] = layer.get();
    layers_[s] = std::move(layer);
  }
  return true;
}

void LoadedLayers::leave_to_host() {
  host_programs_ = true;
  resident_.clear();
}

int LoadedLayers::draws_at_once() {
  return load_devices() && !network_->noise.perturbs_digital() ? backend_.draws_at_once() : 1;
}

bool LoadedLayers::program(std::uint64_t seed, std::uint64_t draw, int draws) {
  if (!load_devices()) return false;
  take(crossbars_->draw(seed, draw));
  if (every_answer_nan_) return true;
  std::vector<NoiseKey> keys;
  for (int i = 0; i < draws; ++i)
    keys.push_back(noise_key(seed, draw + static_cast<std::uint64_t>(i)));
  for (std::size_t s = 0; s < layers_.size(); ++s)
    if (resident_[s])
      resident_[s]->program(keys, epilogue(network_->plan.steps[s]));
    else
      load(s);
  return true;
}

LoadedLayer& LoadedLayers::of(std::size_t s) {
  require_call(layers_[s] != nullptr, "nothing is loaded: the last load failed");
  return *layers_[s];
}

std::vector<double> LoadedLayers::products_errors() const {
  std::vector<double> errors(network_->crossbar.size());
  for (std::size_t s = 0; s < layers_.size(); ++s)
    if (layers_[s])
      errors[static_cast<std::size_t>(network_->plan.steps[s].layer)] =
          layers_[s]->products_error();
  return errors;
}

Weights LoadedLayers::effective_weights() const {
  if (contents_.what != Loaded::digital) return crossbars_->effective_weights(contents_);
  Weights all = contents_.digital;
  for (const Step& step : network_->crossbar) {
    const std::string name = network_->node(step.mvm).name + ".weight";
    all[name] = network_->weights->at(name);
  }
  return all;
}

Epilogue LoadedLayers::epilogue(const Step& step) const {
  return epilogue(step, step.norm >= 0 ? &network_->node(step.norm) : nullptr, step.relu);
}

Epilogue LoadedLayers::epilogue(const Step& step, const Node* norm, bool relu) const {
  const Weights& digital = contents_.digital;
  if (step.mvm < 0) {
    if (!norm) return {{}, {}, relu};
    ChannelAffine affine = channel_affine(digital, norm->channels, norm, nullptr);
    return {std::move(affine.scale), std::move(affine.shift), relu};
  }
  const auto bias = digital.find(network_->node(step.mvm).name + ".bias");
  ChannelAffine affine = channel_affine(digital, network_->geometry(step).out_channels, norm,
                                        bias == digital.end() ? nullptr : &bias->second);
  return {std::move(affine.scale), std::move(affine.shift), relu};
}

/// Whether the back end takes what is loaded of a layer as the weights that it computes with.
bool LoadedLayers::loads_product(const Step& step) const {
  if (!backend_.loads_products() || contents_.what == Loaded::digital)
    return backend_.loads_products();
  const DeviceModel& device = crossbars_->device(step, contents_.what);
  return !are_rounded(network_->periphery.products) && !device.non_linear() &&
         network_->periphery.is_ideal_per_mvm(device.reads_noisily());
}

LayerLoader LoadedLayers::loader_of(const Step& step) const {
  const bool is_digital = contents_.what == Loaded::digital;
  if (!loads_product(step)) {
    LayerOnTiles tiles = is_digital ? digital_tiles(network_->geometry(step),
                                                    network_->kernel(*network_->weights, step))
                                    : crossbars_->tiles(step, contents_.what, contents_.key);
    tiles.layer = static_cast<std::uint16_t>(step.layer);
    return tiles_loader(
        backend_, std::move(tiles),
        is_digital || ranges_.empty() ? nullptr : &ranges_[static_cast<std::size_t>(step.layer)]);
  }
  const ConvGeometry& geometry =
      is_digital ? network_->geometry(step) : crossbars_->layer(step).geometry();
  const auto product = std::make_shared<MappedLayer::Product>();
  if (is_digital)
    product->bias.resize(static_cast<std::size_t>(geometry.columns()));
  else
    *product = crossbars_->product(step, contents_.what, contents_.key);
  const std::span<const float> matrix = is_digital ? network_->kernel(*network_->weights, step)
                                                   : std::span<const float>(product->weights);
  return [&backend = backend_, &geometry, product, matrix,
          products = is_digital ? Products::automatic : network_->periphery.products](const Epilogue& after) {
    return backend.load_product(geometry, matrix, product->bias, after, products);
  };
}

}  // namespace ohmic
