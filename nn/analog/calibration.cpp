#include "nn/analog/calibration.hpp"

#include <utility>

#include "nn/analog/execution.hpp"
#include "nn/analog/find_ranges.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {

Calibration calibrate(const MappedNetwork& network, Backend& backend, const ImageSet& set,
                      const Normalization& normalization, std::int64_t images,
                      const LayerProgress& on_images) {
  if (!network.needs_ranges()) return {};
  require_call(images > 0 && set.size() > 0, "calibrate: needs images");
  Execution digital(network, backend, nullptr);
  digital.load(digital_contents(network));
  const ShowInputs show = [&](const SeeInputs& see) {
    digital.see_inputs(set, normalization, images, see);
  };
  Calibration ranges(network->crossbar.size());
  if (network->needs_full_scales())  // quick, so that it does not count as progress
    find_full_scales(network, backend, show, ranges);
  digital.report_to(on_images);
  if (network->periphery.needs_ranges()) find_converter_ranges(network, backend, show, ranges);
  return ranges;
}

}  // namespace ohmic
