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

/// total += what the threads of a warp counted, all of which call this.
OHMIC_HOST_DEVICE void add_counts(std::uint32_t own, std::uint64_t* total) {
#ifdef __CUDA_ARCH__
  for (int lanes = 16; lanes > 0; lanes /= 2) own += __shfl_down_sync(0xffffffffu, own, lanes);
  if (threadIdx.x % 32 == 0 && own > 0)
    atomicAdd(reinterpret_cast<unsigned long long*>(total), own);
#else
  *total += own;
#endif
}

/// The block that this GPU thread belongs to.
///
/// A thread's state comes in two objects because a compiler keeps an object in registers only if
/// every index into any of its arrays is known.
template <class Thread, class Sums, class Shared>
class GpuBlock {
 public:
  OHMIC_HOST_DEVICE GpuBlock(Thread& thread, Sums& sums, Shared& shared, int x, int y = 0,
                             int z = 0)
      : thread_(thread), sums_(sums), shared_(shared), x_(x), y_(y), z_(z) {}

  OHMIC_HOST_DEVICE int x() const { return x_; }
  OHMIC_HOST_DEVICE int y() const { return y_; }
  OHMIC_HOST_DEVICE int z() const { return z_; }
  OHMIC_HOST_DEVICE Shared& shared() { return shared_; }

  template <class F>
  OHMIC_HOST_DEVICE void each(const F& f) {
    f(thread_, sums_);
#ifdef __CUDA_ARCH__
    __syncthreads();
#endif
  }

  /// total += the threads' counts.
  OHMIC_HOST_DEVICE void count(std::uint64_t* total) { add_counts(thread_.clipped, total); }

 private:
  Thread& thread_;
  Sums& sums_;
  Shared& shared_;
  int x_, y_, z_;
};

}  // namespace ohmic::cuda
