#include "experiments/measure/compute.hpp"

#include <omp.h>
#include <unistd.h>

#include <cstdlib>

#include "experiments/measure/ranks.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/backends/cuda/gpu_count.hpp"

namespace ohmic {
namespace {

/// What OpenMP read of the environment when the program began: OMP_NUM_THREADS.
const int kThreadsAtStart = omp_get_max_threads();

}  // namespace

void use_threads(int threads) {
  if (threads <= 0 && std::getenv("OMP_NUM_THREADS")) threads = kThreadsAtStart;
  if (threads <= 0) {
    const auto online = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    threads = threads_of(this_rank(), omp_get_num_procs(), online);
  }
  omp_set_num_threads(threads);
  set_threads(threads);
}

std::string torch_device(const ComputeSettings& settings) {
  return resolve_device(device_of(this_rank(), settings.device, torch_gpu_count()));
}

std::unique_ptr<Backend> make_backend(const ComputeSettings& settings) {
  if (settings.backend != "cuda") return make_backend(settings.backend);
  const std::string any = settings.device == "cpu" ? "cuda" : settings.device;
  return make_backend("cuda", device_of(this_rank(), any, gpu_count()));
}

}  // namespace ohmic
