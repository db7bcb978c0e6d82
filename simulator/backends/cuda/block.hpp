// A block of threads as kernel bodies see it. A body is a sequence of phases; block.each(f) calls f
// for every thread and ends with a barrier, so that one body runs on a GPU and, thread by thread,
// on a processor (tests/simulator/emulated_machine.hpp).
#pragma once

#include <cstdint>

#include "simulator/host_device.hpp"

/// Before a loop over an array that is to stay in registers.
#ifdef __CUDA_ARCH__
#define OHMIC_UNROLL _Pragma("unroll")
#else
#define OHMIC_UNROLL
#endif

namespace ohmic::cuda {

/// The block that this GPU thread belongs to.
template <class Thread, class Shared>
class GpuBlock {
 public:
  OHMIC_HOST_DEVICE GpuBlock(Shared& shared, int x, int y, int thread)
      : shared_(shared), x_(x), y_(y) {
    thread_.id = thread;
  }

  OHMIC_HOST_DEVICE int x() const { return x_; }
  OHMIC_HOST_DEVICE int y() const { return y_; }
  OHMIC_HOST_DEVICE Shared& shared() { return shared_; }

  template <class F>
  OHMIC_HOST_DEVICE void each(const F& f) {
    f(thread_);
#ifdef __CUDA_ARCH__
    __syncthreads();
#endif
  }

  /// total += the threads' counts.
  OHMIC_HOST_DEVICE void count(std::uint64_t* total) {
#ifdef __CUDA_ARCH__
    constexpr unsigned kAll = 0xffffffffu;
    std::uint32_t sum = thread_.clipped;
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_down_sync(kAll, sum, lanes);
    if (thread_.id % 32 == 0 && sum > 0)
      atomicAdd(reinterpret_cast<unsigned long long*>(total), sum);
#else
    *total += thread_.clipped;
#endif
  }

 private:
  Shared& shared_;
  int x_, y_;
  Thread thread_;
};

}  // namespace ohmic::cuda
