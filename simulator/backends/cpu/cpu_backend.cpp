#include "simulator/backends/cpu/cpu_backend.hpp"

#include "simulator/backends/cpu/analog_layer.hpp"
#include "simulator/backends/cpu/ideal_layer.hpp"
#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/error.hpp"

namespace ohmic {

std::string CpuBackend::refusal(const LayerOnTiles& layer) const {
  if (layer.periphery.products != Products::f32 && !onednn::multiplies_bf16())
    return "periphery.products: this processor does not multiply bf16 numbers (it has neither AMX "
           "nor AVX512-BF16); accepted here: \"f32\"";
  if (layer.geometry.groups > 1 &&
      !(layer.is_ideal_per_mvm() && layer.periphery.products == Products::f32))
    return "a grouped (depthwise) convolution with converters, noise at each read or bf16 "
           "products; "
           "accepted here: an ideal periphery, or compute.backend = \"reference\" or \"cuda\"";
  return {};
}

std::unique_ptr<LoadedLayer> CpuBackend::load(const LayerOnTiles& layer, const Epilogue& epilogue,
                                              const LayerRanges* ranges) {
  if (std::string why = refusal(layer); !why.empty()) throw UnsupportedError(why);
  if (layer.is_ideal_per_mvm() && layer.periphery.products == Products::f32)
    return cpu::load_ideal(layer, epilogue);
  return cpu::load_analog(layer, epilogue, ranges);
}

}  // namespace ohmic
