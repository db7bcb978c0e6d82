#include "nn/analog/calibration.hpp"

#include <utility>

#include "nn/analog/execution.hpp"
#include "simulator/call_error.hpp"
#include "simulator/range_observer.hpp"

namespace ohmic {
namespace {

struct Samples {
  const ImageSet& set;
  const Normalization& normalization;
  std::int64_t images;
};

/// Full scales of the inputs, which what is mapped depends on.
void find_input_ranges(Execution& digital, const Samples& samples, Calibration& ranges) {
  const std::optional<Dac>& dac = digital.network()->periphery.dac;
  std::vector<MagnitudeHistogram> seen(ranges.size(),
                                       MagnitudeHistogram(dac ? dac->percentile : 100.0));
  std::vector<float> buffer;
  digital.see_inputs(
      samples.set, samples.normalization, samples.images,
      [&](const Step& step, const float* x, std::int64_t n) {
        seen[static_cast<std::size_t>(step.layer)].add(digital.inputs_on_host(step, x, n, buffer));
      });
  for (std::size_t i = 0; i < seen.size(); ++i) ranges[i].input = seen[i].percentile();
}

/// What converters see of layers with exact devices.
void observe(Execution& digital, Backend& backend, const Samples& samples, Calibration& ranges) {
  const MappedNetwork& network = digital.network();
  const Crossbars crossbars(network, ranges, backend);
  std::vector<std::unique_ptr<LoadedLayer>> observers;
  for (const Step& step : network->crossbar)
    observers.push_back(backend.load(crossbars.tiles(step, Loaded::exact, {}),
                                     digital.layers().epilogue(step),
                                     &ranges[static_cast<std::size_t>(step.layer)]));
  digital.see_inputs(samples.set, samples.normalization, samples.images,
                     [&](const Step& step, const float* x, std::int64_t count) {
                       const auto i = static_cast<std::size_t>(step.layer);
                       observers[i]->observe(x, count, ranges[i]);
                     });
}

}  // namespace

Calibration calibrate(const MappedNetwork& network, Backend& backend, const ImageSet& set,
                      const Normalization& normalization, std::int64_t images,
                      const LayerProgress& on_images) {
  if (!network.needs_ranges()) return {};
  require_call(images > 0 && set.size() > 0, "calibrate: needs images");
  const Samples samples{set, normalization, images};
  Execution digital(network, backend, nullptr);
  digital.load(digital_contents(network));
  Calibration ranges(network->crossbar.size());
  if (network->needs_full_scales())  // quick, so that it does not count as progress
    find_input_ranges(digital, samples, ranges);
  digital.report_to(on_images);
  if (network->periphery.needs_ranges()) observe(digital, backend, samples, ranges);
  return ranges;
}

}  // namespace ohmic
