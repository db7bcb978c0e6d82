#include "simulator/backend.hpp"

#include "simulator/backends/cpu/cpu_backend.hpp"
#include "simulator/backends/cuda/cuda_backend.hpp"
#include "simulator/backends/reference/reference_backend.hpp"
#include "simulator/error.hpp"

namespace ohmic {

Tally& Tally::operator+=(const Tally& other) {
  dac_samples += other.dac_samples;
  dac_clipped += other.dac_clipped;
  adc_samples += other.adc_samples;
  adc_clipped += other.adc_clipped;
  return *this;
}

std::vector<std::string> backend_names() {
#ifdef OHMIC_CUDA
  return {"reference", "cpu", "cuda"};
#else
  return {"reference", "cpu"};
#endif
}

std::unique_ptr<Backend> make_backend(const std::string& name) {
  if (name == "reference") return std::make_unique<ReferenceBackend>();
  if (name == "cpu") return std::make_unique<CpuBackend>();
#ifdef OHMIC_CUDA
  if (name == "cuda") return std::make_unique<CudaBackend>(cuda::gpu_machine());
#endif
  if (name == "cuda")
    throw UnsupportedError(
        "compute.backend = \"cuda\": this build has no CUDA back end; configure with "
        "-DOHMIC_CUDA=ON, or use \"cpu\" or \"reference\"");
  throw ConfigError("compute.backend = \"" + name +
                    "\": expected \"reference\", \"cpu\" or \"cuda\"");
}

}  // namespace ohmic
