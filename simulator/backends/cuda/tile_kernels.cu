// Every kind of block that launch.hpp can choose, as kernels.
#include <cuda_runtime.h>

#include "simulator/backends/cuda/block.hpp"
#include "simulator/backends/cuda/launch.hpp"

namespace ohmic::cuda {
namespace {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
constexpr bool kMultipliesBf16 = false;  // Machine::refusal_of_bf16 keeps such layers away
#else
constexpr bool kMultipliesBf16 = true;
#endif

template <class Tile>
__global__ void __launch_bounds__(Tile::kThreads) tile_kernel(const TileArguments a) {
  if constexpr (kMultipliesBf16 || !Tile::kIsBf16) {
    __shared__ TileShared<Tile> shared;
    TileThread<Tile> thread;
    TileSums<Tile> sums;
    thread.id = static_cast<int>(threadIdx.x);
    GpuBlock block(thread, sums, shared, static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y),
                   static_cast<int>(blockIdx.z));
    compute_tile<Tile>(a, block);
  }
}

}  // namespace

void start_tile_kernel(const TileArguments& a) {
  with_tile(a, [&]<class Tile>(std::type_identity<Tile>) {
    const Grid grid = grid_of<Tile>(a);
    const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y),
                      static_cast<unsigned>(grid.z));
    tile_kernel<Tile><<<blocks, Tile::kThreads>>>(a);
  });
}

}  // namespace ohmic::cuda
