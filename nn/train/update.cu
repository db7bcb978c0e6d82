// One launch for all parameters.
#include <cuda_runtime.h>

#include <string>

#include "nn/train/update.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kThreads = 256;

template <class Rule>
__global__ void update_kernel(const Rule rule, const UpdateArguments a) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < a.size) update_parameter(rule, a, i, a.numbers);
}

void check(cudaError_t error) {
  if (error == cudaSuccess) return;
  throw UnsupportedError(std::string("compute.device = \"cuda\": updating parameters failed: ") +
                         cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")");
}

}  // namespace

void update_on_gpu(const UpdateRule& any, const UpdateArguments& a, int gpu, void* stream) {
  check(cudaSetDevice(gpu));
  const auto blocks = static_cast<unsigned>((a.size + kThreads - 1) / kThreads);
  std::visit(
      [&](const auto& rule) {
        update_kernel<<<blocks, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(rule, a);
      },
      any);
  check(cudaGetLastError());
}

}  // namespace ohmic
