#include "simulator/backends/cpu/cpu_backend.hpp"

#include <omp.h>

#include "simulator/backends/cpu/analog_layer.hpp"
#include "simulator/backends/cpu/chunks.hpp"
#include "simulator/backends/cpu/ideal_layer.hpp"
#include "simulator/backends/cpu/onednn.hpp"
#include "simulator/backends/reference/reference_backend.hpp"
#include "simulator/error.hpp"

namespace ohmic {

std::string CpuBackend::refusal(const LayerOnTiles& layer) const {
  if (are_rounded(layer.periphery.products) && !onednn::has_bf16())
    return "periphery.products: bf16 products need a processor with AVX-512; accepted here: "
           "\"auto\", \"f32\"";
  if (layer.cells && are_rounded(layer.periphery.products))
    return "periphery.products: non-linear cells are computed in float; accepted here: \"auto\", "
           "\"f32\"";
  return {};
}

std::unique_ptr<LoadedLayer> CpuBackend::load(const LayerOnTiles& layer, const Epilogue& epilogue,
                                              const LayerRanges* ranges) {
  if (std::string why = refusal(layer); !why.empty()) throw UnsupportedError(why);
  // Circuits take all the time there is, whoever adds them up.
  if (layer.is_solved_per_mvm()) return ReferenceBackend().load(layer, epilogue, ranges);
  if (layer.is_ideal_per_mvm() && !are_rounded(layer.periphery.products))
    return load_product(layer.geometry, layer.effective_weights(), layer.effective_bias(), epilogue,
                        layer.periphery.products);
  return cpu::load_analog(layer, epilogue, ranges);
}

std::unique_ptr<LoadedLayer> CpuBackend::load_product(const ConvGeometry& geometry,
                                                      std::span<const float> weights,
                                                      std::span<const float> bias,
                                                      const Epilogue& epilogue, Products products) {
  return cpu::load_ideal(geometry, weights, bias, epilogue, products != Products::f32);
}

std::int64_t CpuBackend::images_at_once(const ConvGeometry& geometry) const {
  return std::int64_t{cpu::images_per_chunk(geometry)} * omp_get_max_threads();
}

}  // namespace ohmic
