#include "nn/analog/find_ranges.hpp"

#include <memory>
#include <span>
#include <vector>

#include "nn/analog/batch_norm.hpp"
#include "nn/analog/crossbars.hpp"
#include "simulator/range_observer.hpp"

namespace ohmic {
void find_full_scales(const MappedNetwork& network, Backend& backend, const ShowInputs& show,
                      Calibration& ranges) {
  std::vector<MagnitudeHistogram> seen;
  for (const Step& step : network->crossbar) {
    const std::optional<Dac>& dac = network->periphery_of(step).dac;
    seen.emplace_back(dac ? dac->percentile : 100.0);
  }
  std::vector<float> buffer;
  show([&](const Step& step, const float* x, std::int64_t samples) {
    const auto values = static_cast<std::size_t>(samples * network->values_in(step));
    seen[static_cast<std::size_t>(step.layer)].add(
        std::span<const float>(backend.on_host(x, values, buffer), values));
  });
  for (std::size_t i = 0; i < seen.size(); ++i) ranges[i].input = seen[i].percentile();
}

void find_converter_ranges(const MappedNetwork& network, Backend& backend, const ShowInputs& show,
                           Calibration& ranges) {
  const Crossbars crossbars(network, ranges, backend);
  std::vector<std::unique_ptr<LoadedLayer>> observers;
  for (const Step& step : network->crossbar) {
    const ChannelAffine nothing = channel_affine(
        *network->weights, network->geometry(step).columns(), /*norm=*/nullptr, /*bias=*/nullptr);
    observers.push_back(backend.load(crossbars.tiles(step, Loaded::exact, {}),
                                     {nothing.scale, nothing.shift, false},
                                     &ranges[static_cast<std::size_t>(step.layer)]));
  }
  show([&](const Step& step, const float* x, std::int64_t samples) {
    const auto i = static_cast<std::size_t>(step.layer);
    observers[i]->observe(x, samples, ranges[i]);
  });
}

}  // namespace ohmic
