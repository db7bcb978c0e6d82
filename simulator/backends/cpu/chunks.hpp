// How a batch is cut for the processor: into chunks of a fixed number of images, one thread each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

#include "simulator/layer.hpp"

namespace ohmic::cpu {

/// Images of one chunk, from the layer's geometry alone: its activations stay in a core's cache,
/// and are still there for the next layer unless weights that leave no room for them are worth more
/// images. The last chunk of a batch is filled up with zeros, so neither the batch nor the number
/// of threads changes a bit of any image's answer.
inline int images_per_chunk(const ConvGeometry& g) {
  constexpr std::int64_t kFloats = 1 << 18;
  const std::int64_t per_image = std::int64_t{g.in_height} * g.in_width * g.in_channels +
                                 std::int64_t{g.out_height()} * g.out_width() * g.out_channels;
  const int most = std::int64_t{g.rows()} * g.columns() >= kFloats ? 50 : 10;
  int images = 1;
  for (const int n : {2, 5, 10, 25, 50})  // divisors of the usual batches
    if (n <= most && n * per_image <= kFloats) images = n;
  return images;
}

/// Calls run(first, count) for every chunk of `images` images, in parallel: neighbours on one
/// thread, where the layer before has left most of their inputs in its caches.
template <class Run>
void for_each_chunk(std::int64_t images, int chunk, const Run& run) {
  const std::int64_t chunks = (images + chunk - 1) / chunk;
#pragma omp parallel for schedule(static) if (chunks > 1)
  for (std::int64_t c = 0; c < chunks; ++c)
    run(c * chunk, std::min<std::int64_t>(chunk, images - c * chunk));
}

/// Numbers that one thread works on, at cache lines' bounds; grows and is used again. A cache line
/// more than asked for may be touched.
template <class T>
class Buffer {
 public:
  T* at_least(std::size_t size) {
    if (size > size_) {
      values_.reset(static_cast<T*>(::operator new(size * sizeof(T) + 64, kLine)));
      size_ = size;
    }
    return values_.get();
  }

  T* get() const { return values_.get(); }

 private:
  static constexpr std::align_val_t kLine{64};
  struct Free {
    void operator()(T* p) const { ::operator delete(p, kLine); }
  };
  std::unique_ptr<T, Free> values_;
  std::size_t size_ = 0;
};

}  // namespace ohmic::cpu
