#include "simulator/backend.hpp"

#include <omp.h>

#include <algorithm>
#include <iterator>

#include "simulator/backends/cpu/cpu_backend.hpp"
#include "simulator/backends/cuda/cuda_backend.hpp"
#include "simulator/backends/cuda/gpu_count.hpp"
#include "simulator/backends/reference/reference_backend.hpp"
#include "simulator/error.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

class HostActivations final : public Activations {
 public:
  float* at_least(std::size_t values) override {
    if (values > values_.size()) values_.resize(values);
    return values_.data();
  }

 private:
  std::vector<float> values_;
};

#ifdef OHMIC_CUDA
int gpu_of(const std::string& device) {
  return device.starts_with("cuda:") ? std::stoi(device.substr(5)) : 0;
}
#endif

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  dac_samples += other.dac_samples;
  dac_clipped += other.dac_clipped;
  adc_samples += other.adc_samples;
  adc_clipped += other.adc_clipped;
  return *this;
}

std::unique_ptr<LoadedLayer> Backend::load_product(const ConvGeometry&, std::span<const float>,
                                                   std::span<const float>, const Epilogue&,
                                                   Products) {
  return nullptr;
}

std::unique_ptr<ResidentLayer> Backend::load_devices(const LayerOnTiles&, const ProgrammingPlan&,
                                                     const LayerRanges*) {
  return nullptr;
}

std::unique_ptr<Activations> Backend::activations() { return std::make_unique<HostActivations>(); }

const float* Backend::on_host(const float* x, std::size_t, std::vector<float>&) { return x; }

void Backend::apply(const Epilogue& epilogue, const float* x, std::int64_t values,
                    const float* residual, float* y) {
  constexpr std::int64_t kAtOnce = 4096;  // where every number is treated alike
  const bool alike = epilogue.scale.empty();
  const std::int64_t row = alike ? kAtOnce : std::ssize(epilogue.scale);
  const EpilogueArguments a{.x = x,
                            .residual = residual,
                            .scale = alike ? nullptr : epilogue.scale.data(),
                            .shift = alike ? nullptr : epilogue.shift.data(),
                            .y = y,
                            .values = values,
                            .channels = row,
                            .relu = epilogue.relu};
#pragma omp parallel for schedule(static)
  for (std::int64_t first = 0; first < values; first += row)
    for (std::int64_t c = 0; c < std::min(row, values - first); ++c)
      y[first + c] = epilogue_value(a, first + c, c);
}

void Backend::apply_wires(int K, int N, TileShape tile, const Wires& wires, std::span<double> G_S) {
  ohmic::apply_wires(K, N, tile, wires, G_S);
}

std::int64_t Backend::images_at_once(const ConvGeometry&) const {
  return std::int64_t{10} * omp_get_max_threads();
}

std::vector<std::string> backend_names() {
#ifdef OHMIC_CUDA
  return {"reference", "cpu", "cuda"};
#else
  return {"reference", "cpu"};
#endif
}

int gpu_count() {
#ifdef OHMIC_CUDA
  return cuda::gpu_count();
#else
  return 0;
#endif
}

std::shared_ptr<cuda::Machine> cuda::machine_of([[maybe_unused]] const std::string& device) {
#ifdef OHMIC_CUDA
  if (device.starts_with("cuda")) return gpu_machine(gpu_of(device));
#endif
  return nullptr;
}

std::unique_ptr<Backend> make_backend(const std::string& name,
                                      [[maybe_unused]] const std::string& device) {
  if (name == "reference") return std::make_unique<ReferenceBackend>();
  if (name == "cpu") return std::make_unique<CpuBackend>();
#ifdef OHMIC_CUDA
  if (name == "cuda") return std::make_unique<CudaBackend>(cuda::gpu_machine(gpu_of(device)));
#endif
  if (name == "cuda")
    throw UnsupportedError(
        "compute.backend = \"cuda\": this build has no CUDA back end; configure with "
        "-DOHMIC_CUDA=ON, as ./ohmic does with a CUDA build of LibTorch, or use \"cpu\" or "
        "\"reference\"");
  throw ConfigError("compute.backend = \"" + name +
                    "\": expected \"reference\", \"cpu\" or \"cuda\"");
}

}  // namespace ohmic
