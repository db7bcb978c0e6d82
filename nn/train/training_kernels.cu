// What a step of training does on a GPU besides LibTorch's work, one launch each.
#include "nn/train/kernel_normals.hpp"
#include "nn/train/update.hpp"
#include "simulator/backends/cuda/check.cuh"

namespace ohmic {
namespace {

constexpr int kThreads = 256;

template <class Rule>
__global__ void update_kernel(const Rule rule, const UpdateArguments a) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < a.size) update_parameter(rule, a, i, a.numbers);
}

__global__ void normals_kernel(const KernelNormals a) {
  const std::int64_t place = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int kernel = static_cast<int>(blockIdx.y);
  if (place < a.kernels[kernel].size) draw_normal(a, kernel, place);
}

unsigned blocks_for(std::int64_t values) {
  return static_cast<unsigned>((values + kThreads - 1) / kThreads);
}

}  // namespace

void update_on_gpu(const UpdateRule& any, const UpdateArguments& a, int gpu, void* stream) {
  cuda::check(cudaSetDevice(gpu), "choosing the GPU");
  std::visit(
      [&](const auto& rule) {
        update_kernel<<<blocks_for(a.size), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(rule,
                                                                                              a);
      },
      any);
  cuda::check(cudaGetLastError(), "updating parameters");
}

void draw_on_gpu(const KernelNormals& a, int gpu, void* stream) {
  cuda::check(cudaSetDevice(gpu), "choosing the GPU");
  const dim3 grid(blocks_for(a.largest), static_cast<unsigned>(a.kernel_count));
  normals_kernel<<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(a);
  cuda::check(cudaGetLastError(), "drawing the noise of weights");
}

}  // namespace ohmic
