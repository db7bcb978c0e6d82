// How AnalogNetwork loads what its layers hold.
#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "nn/analog/analog_state.hpp"
#include "nn/denormals.hpp"
#include "nn/freed_memory.hpp"

namespace ohmic {
namespace {

// Number of the first image on which BatchNorm is measured: its noise is no test image's.
constexpr std::uint64_t kFirstMeasuredImage = std::uint64_t{1} << 32;

}  // namespace

void AnalogNetwork::State::load(Contents contents) {
  take(std::move(contents));
  resident.clear();
  layers.clear();
  free_large_slots();
  layers.resize(plan.steps.size());
  if (every_answer_nan) return;
  if (loaded != Loaded::digital && measured_images > 0) return load_and_measure();
  for (const std::size_t s : large_first()) {
    load_step(s, false);
    if (has_large_weights()) give_back_freed_memory();
  }
}

std::vector<std::size_t> AnalogNetwork::State::large_first() const {
  std::vector<std::size_t> order(plan.steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto cells = [&](std::size_t s) {
    if (plan.steps[s].mvm < 0) return std::int64_t{0};
    const ConvGeometry& g = node(plan.steps[s].mvm).conv;
    return std::int64_t{g.rows()} * g.columns();
  };
  std::ranges::stable_sort(order, std::greater<>(), cells);
  return order;
}

bool AnalogNetwork::State::load_devices() {
  if (!resident.empty()) return true;
  if (host_programs || backend.draws_at_once() == 0 || measured_images > 0) return false;
  host_programs = true;  // unless every layer says otherwise
  std::vector<std::unique_ptr<ResidentLayer>> made;
  for (const Step& step : crossbar) {
    const Periphery around = periphery_of(step);
    const DeviceModel& device =
        noise.perturbs(TensorKind::kernel) ? device_of(step) : exact_of(step);
    const auto devices = mapped_layer(step).plan(device, around);
    if (!devices) return false;
    LayerOnTiles layer = mapped_layer(step).unprogrammed(device, around);
    layer.layer = static_cast<std::uint16_t>(step.layer);
    made.push_back(backend.load_devices(
        layer, *devices, ranges.empty() ? nullptr : &ranges[static_cast<std::size_t>(step.layer)]));
    if (!made.back()) return false;
  }
  host_programs = false;
  layers.clear();
  layers.resize(plan.steps.size());
  resident.assign(plan.steps.size(), nullptr);
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    if (plan.steps[s].mvm < 0) continue;
    auto& layer = made[static_cast<std::size_t>(plan.steps[s].layer)];
    resident[s] = layer.get();
    layers[s] = std::move(layer);
  }
  return true;
}

void AnalogNetwork::State::load_step(std::size_t s, bool measures) {
  const Step& step = plan.steps[s];
  if (step.mvm < 0) {
    if (measures && step.norm >= 0) measure_norm(node(step.norm), value(step.x, measured.data()));
    if (step.slot >= 0) epilogues[s] = epilogue(step);
    return;
  }
  const Loader load_behind = loader_of(step);
  if (measures && step.norm >= 0) {
    float* sums = slot_values[static_cast<std::size_t>(step.slot)];
    load_behind(epilogue(step, nullptr, false))
        ->forward(value(step.x, measured.data()), measured_images, kFirstMeasuredImage, nullptr,
                  sums, tally);
    measure_norm(node(step.norm), sums);
  }
  layers[s] = load_behind(epilogue(step));
}

bool AnalogNetwork::State::loads_product(const Step& step) const {
  if (!backend.loads_products() || loaded == Loaded::digital) return backend.loads_products();
  const DeviceModel& device = holds(step, loaded);
  return periphery.products == Products::f32 && !device.non_linear() &&
         periphery.is_ideal_per_mvm(device.reads_noisily());
}

AnalogNetwork::State::Loader AnalogNetwork::State::loader_of(const Step& step) const {
  const bool is_digital = loaded == Loaded::digital;
  if (!loads_product(step)) {
    const LayerRanges* known =
        is_digital || ranges.empty() ? nullptr : &ranges[static_cast<std::size_t>(step.layer)];
    const auto tiles = std::make_shared<const LayerOnTiles>(
        is_digital ? digital_layer(step) : programmed_layer(step, holds(step, loaded), loaded_key));
    return
        [this, tiles, known](const Epilogue& after) { return backend.load(*tiles, after, known); };
  }
  const ConvGeometry& geometry = is_digital ? node(step.mvm).conv : mapped_layer(step).geometry();
  const auto product = std::make_shared<MappedLayer::Product>();
  if (is_digital)
    product->bias.resize(static_cast<std::size_t>(geometry.columns()));
  else
    *product = programmed_product(step, holds(step, loaded), loaded_key);
  const std::span<const float> matrix =
      is_digital ? kernel(*weights, step) : std::span<const float>(product->weights);
  return [this, &geometry, product, matrix](const Epilogue& after) {
    return backend.load_product(geometry, matrix, product->bias, after);
  };
}

void AnalogNetwork::State::measure_norm(const Node& norm, const float* x) {
  const std::int64_t pixels = measured_images * norm.height * norm.width;
  std::vector<float> buffer;
  const ChannelMoments seen =
      channel_moments(backend.on_host(x, static_cast<std::size_t>(pixels * norm.channels), buffer),
                      pixels, norm.channels);
  if (loaded != Loaded::digital && statistics == BatchNormStatistics::measured)
    take_moments(seen, norm, digital);
  else if (loaded != Loaded::digital)
    follow_moments(undisturbed.at(norm.name), seen, norm, digital);
  else
    undisturbed[norm.name] = seen;
}

/// Takes the images through the network while it is loaded: a BatchNorm sees what the layers before
/// it, already measured, give.
void AnalogNetwork::State::load_and_measure() {
  const DenormalsAreZero fast;
  const Tally counted = tally;
  reserve_slots(measured_images);
  begin(measured_images);
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    load_step(s, true);
    run_step(s, measured.data(), measured_images, kFirstMeasuredImage, {});
  }
  free_slots();
  tally = counted;
}

void AnalogNetwork::State::free_large_slots() {
  if (has_large_values()) free_slots();
  if (has_large_values() || has_large_weights()) give_back_freed_memory();
}

}  // namespace ohmic
