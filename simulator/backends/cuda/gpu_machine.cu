// A GPU, through the CUDA runtime.
#include <string>
#include <vector>

#include "simulator/backends/cuda/block.hpp"
#include "simulator/backends/cuda/check.cuh"
#include "simulator/backends/cuda/launch.hpp"
#include "simulator/backends/cuda/machine.hpp"
#include "simulator/backends/cuda/programming_kernel.hpp"
#include "simulator/error.hpp"

namespace ohmic::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBf16Capability = 80;

__global__ void convert_kernel(const ConvertArguments a) {
  const std::int64_t step = std::int64_t{gridDim.x} * kThreads;
  std::uint32_t clipped = 0;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < a.size; i += step)
    convert_input(a, i, clipped);
  add_counts(clipped, a.clipped);
}

__global__ void epilogue_kernel(const EpilogueArguments a) {
  const std::int64_t step = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < a.values; i += step)
    a.y[i] = epilogue_value(a, i, i % a.channels);
}

__global__ void __launch_bounds__(kWiresThreads, 2) wires_kernel(const WiresArguments a) {
  WiresThread thread{static_cast<int>(threadIdx.x)};
  NoSums sums;
  NoShared shared;
  GpuBlock block(thread, sums, shared, static_cast<int>(blockIdx.x));
  WiredTile(a, block).solve();
}

__global__ void programming_kernel(const ProgrammingArguments a) {
  const ProgrammedLayer layer(a.layers[blockIdx.y], a.keys[blockIdx.z],
                              static_cast<int>(blockIdx.z));
  const std::int64_t cell = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const bool exists = cell < layer.cells();
  if (a.unsolved)
    add_counts(exists ? layer.decode_stored(cell) : 0, a.unsolved);
  else if (exists)
    layer.program(cell);
}

std::string gigabytes(std::size_t bytes) {
  return std::to_string(static_cast<double>(bytes) / 1e9) + " GB";
}

class Gpu final : public Machine {
 public:
  explicit Gpu(int index) : index_(index) {
    check(cudaSetDevice(index), "choosing the GPU");
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, index), "asking for the GPU's properties");
    name_ = properties.name;
    capability_ = properties.major * 10 + properties.minor;
    blocks_ = properties.multiProcessorCount * 8;
    cudaFuncAttributes attributes;
    if (const cudaError_t error = cudaFuncGetAttributes(&attributes, convert_kernel))
      throw UnsupportedError(
          "compute.backend = \"cuda\": this build has no code for " + name_ +
          " (compute capability " + std::to_string(properties.major) + "." +
          std::to_string(properties.minor) + "): " + text(error) +
          "; build with CMAKE_CUDA_ARCHITECTURES=" + std::to_string(capability_));
  }

  std::string refusal_of_bf16() const override {
    if (capability_ >= kBf16Capability) return {};
    return name_ +
           " does not multiply bf16 numbers (its compute capability is "
           "below 8.0)";
  }

  void* allocate(std::size_t bytes) override {
    void* p = nullptr;
    choose();
    const cudaError_t error = cudaMalloc(&p, bytes);
    if (error == cudaSuccess) return p;
    cudaGetLastError();  // it is reported here, not by the next call
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw UnsupportedError(
        "compute.backend = \"cuda\": " + name_ + " has no room for " + gigabytes(bytes) + ": " +
        gigabytes(free) + " of " + gigabytes(total) +
        " are free; use a smaller evaluation.batch or another GPU: " + text(error));
  }
  void release(void* p) noexcept override { cudaFree(p); }

  bool holds(const void* p) const override {
    cudaPointerAttributes attributes;
    if (cudaPointerGetAttributes(&attributes, p) != cudaSuccess) return cudaGetLastError(), false;
    return attributes.type == cudaMemoryTypeDevice;
  }
  void upload(const void* host, void* to, std::size_t bytes) override {
    choose();
    check(cudaMemcpy(to, host, bytes, cudaMemcpyHostToDevice), "copying to the GPU");
  }
  void clear(void* values, std::size_t bytes) override {
    choose();
    check(cudaMemsetAsync(values, 0, bytes), "clearing the GPU's memory");
  }
  void download(const void* from, void* host, std::size_t bytes) override {
    choose();
    check(cudaMemcpy(host, from, bytes, cudaMemcpyDeviceToHost), "computing or copying back");
  }

  void wait() override {
    choose();
    check(cudaDeviceSynchronize(), "computing");
  }

  void run(const ConvertArguments& a) override {
    choose();
    convert_kernel<<<blocks_, kThreads>>>(a);
    check(cudaGetLastError(), "starting the conversion of inputs");
  }
  void run(const TileArguments& a) override {
    choose();
    start_tile_kernel(a);
    check(cudaGetLastError(), "starting a layer");
  }

  void run(const WiresArguments& a) override {
    choose();
    wires_kernel<<<static_cast<unsigned>(a.tiles), kWiresThreads>>>(a);
    check(cudaGetLastError(), "starting the wires of tiles");
  }

  void run(const ProgrammingArguments& a, void* stream) override {
    choose();
    const dim3 grid(static_cast<unsigned>((a.most_cells + kThreads - 1) / kThreads),
                    static_cast<unsigned>(a.layer_count), static_cast<unsigned>(a.draws));
    programming_kernel<<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(a);
    check(cudaGetLastError(), "starting to program devices");
  }

  void run(const EpilogueArguments& a) override {
    choose();
    epilogue_kernel<<<blocks_, kThreads>>>(a);
    check(cudaGetLastError(), "starting an epilogue");
  }

  int gpu() const override { return index_; }

 private:
  /// The current GPU belongs to the thread, and others may have chosen theirs.
  void choose() const { check(cudaSetDevice(index_), "choosing the GPU"); }

  int index_, capability_ = 0, blocks_ = 0;
  std::string name_;
};

}  // namespace

std::shared_ptr<Machine> gpu_machine(int index) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver)
    throw UnsupportedError(
        "compute.backend = \"cuda\": there is no NVIDIA "
        "driver, or it is older than this build's "
        "CUDA; use \"cpu\" or \"reference\"");
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0))
    throw UnsupportedError(
        "compute.backend = \"cuda\": the NVIDIA driver "
        "finds no GPU; use \"cpu\" or \"reference\"");
  check(error, "asking for GPUs");
  if (index < 0 || index >= count)
    throw UnsupportedError("compute.device = \"cuda:" + std::to_string(index) +
                           "\": there are GPUs cuda:0 to cuda:" + std::to_string(count - 1));
  return std::make_shared<Gpu>(index);
}

int gpu_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  cudaGetLastError();  // no call after this one is to report it
  return 0;
}

}  // namespace ohmic::cuda
