// Calibration: what the ranges of converters and the full scale of a bias row are found from.
#include <algorithm>
#include <utility>

#include "nn/analog/analog_state.hpp"
#include "nn/analog/row_activity.hpp"
#include "nn/data/same_samples.hpp"
#include "simulator/call_error.hpp"
#include "simulator/range_observer.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kCalibrationBatch = 256;

}  // namespace

/// Takes images that stand for a set through what is loaded, batch by batch.
void AnalogNetwork::State::run_images(
    const ImageSet& all, const Normalization& normalization, std::int64_t images,
    const std::function<void(const Step&, const float* x, std::int64_t n)>& before) {
  const ImageSet set = first_of_all_classes(all, images);
  std::vector<float> x;
  for (std::int64_t first = 0; first < set.size(); first += kCalibrationBatch) {
    const std::int64_t count = std::min(kCalibrationBatch, set.size() - first);
    x.resize(static_cast<std::size_t>(count * set.values()));
    normalized_batch(set, normalization, first, count, x.data());
    run(x.data(), count, static_cast<std::uint64_t>(first),
        [&](const Step& step, const float* in) { before(step, in, count); });
  }
}

/// Calls see(step, values) with every layer's inputs, in the host's memory, as the digital network
/// computes them.
void AnalogNetwork::State::see_inputs(
    const ImageSet& set, const Normalization& normalization, std::int64_t images,
    const std::function<void(const Step&, std::span<const float> x, std::int64_t n)>& see) {
  std::vector<float> buffer;
  run_images(set, normalization, images, [&](const Step& step, const float* x, std::int64_t count) {
    const auto values = static_cast<std::size_t>(count * values_in(step));
    see(step, {backend.on_host(x, values, buffer), values}, count);
  });
}

/// Full scales of the inputs, and all that is mapped against them.
void AnalogNetwork::State::find_input_ranges(const ImageSet& set,
                                             const Normalization& normalization,
                                             std::int64_t images) {
  std::vector<MagnitudeHistogram> seen(
      crossbar.size(), MagnitudeHistogram(periphery.dac ? periphery.dac->percentile : 100.0));
  see_inputs(set, normalization, images,
             [&](const Step& step, std::span<const float> x, std::int64_t) {
               seen[static_cast<std::size_t>(step.layer)].add(x);
             });
  for (std::size_t i = 0; i < seen.size(); ++i) ranges[i].input = seen[i].percentile();
  map();
}

bool AnalogNetwork::needs_ranges() const {
  return state_->periphery.needs_ranges() || state_->needs_full_scales();
}

void AnalogNetwork::calibrate(const ImageSet& set, const Normalization& normalization,
                              std::int64_t images) {
  State& s = *state_;
  if (!needs_ranges()) return;
  require_call(images > 0 && set.size() > 0, "calibrate: needs images");
  load_ideal();
  s.ranges.assign(s.crossbar.size(), {});
  if (s.needs_full_scales()) {  // quick, so that it does not count as progress
    const auto report = std::exchange(s.on_images, {});
    s.find_input_ranges(set, normalization, images);
    s.on_images = report;
  }
  if (!s.periphery.needs_ranges()) return;
  std::vector<std::unique_ptr<LoadedLayer>> observers;
  for (const Step& step : s.crossbar)
    observers.push_back(s.backend.load(s.programmed_layer(step, s.exact_of(step), {}),
                                       s.epilogue(step),
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
  require_call(!s.periphery.dac || !s.ranges.empty(),
               "row_drives: with a DAC it needs calibrate() or take_ranges() before");
  load_ideal();
  std::vector<RowActivity> rows;
  for (const Step& step : s.crossbar)
    rows.emplace_back(s.mapped_layer(step).geometry(), s.periphery_of(step),
                      s.ranges.empty() ? 0.0 : s.ranges[rows.size()].input);
  s.see_inputs(set, normalization, images,
               [&](const Step& step, std::span<const float> x, std::int64_t count) {
                 rows[static_cast<std::size_t>(step.layer)].observe(x.data(), count);
               });
  std::vector<std::vector<double>> means;
  for (const RowActivity& drive : rows) means.push_back(drive.mean_squares());
  return means;
}

const std::vector<LayerRanges>& AnalogNetwork::ranges() const { return state_->ranges; }

void AnalogNetwork::take_ranges(std::vector<LayerRanges> ranges) {
  require_call(ranges.size() == state_->crossbar.size(),
               "take_ranges: needs the ranges of every crossbar layer, as ranges() gives them");
  state_->ranges = std::move(ranges);
  state_->resident.clear();
  if (state_->needs_full_scales()) state_->map();
}

std::vector<double> AnalogNetwork::unused_adc_bits() const {
  const State& s = *state_;
  std::vector<double> bits;
  if (!s.periphery.adc || s.ranges.empty()) return bits;
  for (const Step& step : s.crossbar)
    bits.push_back(unused_bits(s.programmed_layer(step, s.exact_of(step), {}),
                               s.ranges[static_cast<std::size_t>(step.layer)]));
  return bits;
}

}  // namespace ohmic
