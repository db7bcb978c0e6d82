// The grid of a GPU on the host: the kernels' own bodies, block by block and thread by thread.
//
// Between two barriers threads run one after the other, forwards and backwards in turn, so that a
// body that needs a barrier it does not have reads what is not there yet.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

#include "simulator/backends/cuda/launch.hpp"
#include "simulator/backends/cuda/machine.hpp"
#include "simulator/backends/cuda/programming_kernel.hpp"

namespace ohmic::test {

template <class Thread, class Sums, class Shared>
class EmulatedBlock {
 public:
  EmulatedBlock(int threads, int x, int y = 0, int z = 0)
      : x_(x),
        y_(y),
        z_(z),
        shared_(std::make_unique<Shared>()),
        threads_(static_cast<std::size_t>(threads)),
        sums_(threads_.size()) {
    // What nothing has written is a not-a-number, in every format.
    std::memset(static_cast<void*>(shared_.get()), 0xff, sizeof *shared_);
    for (int id = 0; id < threads; ++id) threads_[static_cast<std::size_t>(id)].id = id;
  }
  int x() const { return x_; }
  int y() const { return y_; }
  int z() const { return z_; }
  Shared& shared() { return *shared_; }

  template <class F>
  void each(const F& f) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      const std::size_t id = backwards_ ? threads_.size() - 1 - i : i;
      f(threads_[id], sums_[id]);
    }
    backwards_ = !backwards_;
  }

  void count(std::uint64_t* total) {
    std::uint64_t sum = 0;
    for (const auto& thread : threads_) sum += thread.clipped;
#pragma omp atomic
    *total += sum;
  }

 private:
  int x_, y_, z_;
  bool backwards_ = false;
  std::unique_ptr<Shared> shared_;
  std::vector<Thread> threads_;
  std::vector<Sums> sums_;
};

template <class Tile>
using EmulatedTileBlock =
    EmulatedBlock<cuda::TileThread<Tile>, cuda::TileSums<Tile>, cuda::TileShared<Tile>>;
using EmulatedWiresBlock = EmulatedBlock<cuda::WiresThread, cuda::NoSums, cuda::NoShared>;

/// Its memory can be touched only while a call of its own runs: a host that reads or writes what
/// lies on a GPU stops at once.
class EmulatedMachine final : public cuda::Machine {
 public:
  std::string refusal_of_bf16() const override { return {}; }

  void* allocate(std::size_t bytes) override {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    std::memset(p, 0xff, bytes);
    mprotect(p, bytes, PROT_NONE);
    sizes_[p] = bytes;
    return p;
  }
  void release(void* p) noexcept override {
    const auto found = sizes_.find(p);
    if (found == sizes_.end()) return;
    munmap(p, found->second);
    sizes_.erase(found);
  }
  bool holds(const void* p) const override {
    return std::any_of(sizes_.begin(), sizes_.end(), [p](const auto& piece) {
      const char* first = static_cast<const char*>(piece.first);
      return p >= first && p < first + piece.second;
    });
  }
  void upload(const void* host, void* to, std::size_t bytes) override {
    const Access access(*this);
    std::memcpy(to, host, bytes);
  }
  void clear(void* values, std::size_t bytes) override {
    const Access access(*this);
    std::memset(values, 0, bytes);
  }
  void download(const void* from, void* host, std::size_t bytes) override {
    const Access access(*this);
    std::memcpy(host, from, bytes);
  }

  void wait() override {}

  void run(const cuda::ConvertArguments& a) override {
    const Access access(*this);
    std::uint32_t clipped = 0;
    for (std::int64_t i = 0; i < a.size; ++i) cuda::convert_input(a, i, clipped);
    *a.clipped += clipped;
  }
  void run(const EpilogueArguments& a) override {
    const Access access(*this);
    for (std::int64_t i = 0; i < a.values; ++i) a.y[i] = epilogue_value(a, i, i % a.channels);
  }
  void run(const cuda::TileArguments& a) override {
    const Access access(*this);
    cuda::with_tile(a, [&]<class Tile>(std::type_identity<Tile>) {
      const cuda::Grid grid = cuda::grid_of<Tile>(a);
#pragma omp parallel for collapse(3) schedule(dynamic)
      for (int z = 0; z < grid.z; ++z)
        for (int y = 0; y < grid.y; ++y)
          for (int x = 0; x < grid.x; ++x) {
            EmulatedTileBlock<Tile> block(Tile::kThreads, x, y, z);
            cuda::compute_tile<Tile>(a, block);
          }
    });
  }
  void run(const cuda::WiresArguments& a) override {
    const Access access(*this);
#pragma omp parallel for schedule(dynamic)
    for (int tile = 0; tile < a.tiles; ++tile) {
      EmulatedWiresBlock block(cuda::kWiresThreads, tile);
      cuda::WiredTile(a, block).solve();
    }
  }
  void run(const cuda::ProgrammingArguments& a, void*) override {
    const Access access(*this);
    for (int i = 0; i < a.layer_count; ++i)
      for (int draw = 0; draw < a.draws; ++draw) {
        const cuda::ProgrammedLayer layer(a.layers[i], a.keys[draw], draw);
        for (std::int64_t cell = 0; cell < layer.cells(); ++cell)
          if (a.unsolved)
            *a.unsolved += layer.decode_stored(cell);
          else
            layer.program(cell);
      }
  }

 private:
  class Access {
   public:
    explicit Access(const EmulatedMachine& machine) : machine_(machine) {
      machine_.protect(PROT_READ | PROT_WRITE);
    }
    ~Access() { machine_.protect(PROT_NONE); }

   private:
    const EmulatedMachine& machine_;
  };

  void protect(int rights) const {
    for (const auto& [p, bytes] : sizes_) mprotect(p, bytes, rights);
  }

  std::unordered_map<void*, std::size_t> sizes_;
};

}  // namespace ohmic::test
