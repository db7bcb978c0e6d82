#include "simulator/backends/cpu/cpu_backend.hpp"

#include "simulator/backends/cpu/ideal_layer.hpp"
#include "simulator/error.hpp"

namespace ohmic {

std::string CpuBackend::refusal(const LayerOnTiles& layer) const {
  if (!layer.is_ideal_per_mvm())
    return "backend \"cpu\" computes ideal periphery only; accepted: compute.backend = "
           "\"reference\"";
  return {};
}

std::unique_ptr<LoadedLayer> CpuBackend::load(const LayerOnTiles& layer, const Epilogue& epilogue,
                                              const LayerRanges*) {
  if (std::string why = refusal(layer); !why.empty()) throw UnsupportedError(why);
  return cpu::load_ideal(layer, epilogue);
}

}  // namespace ohmic
