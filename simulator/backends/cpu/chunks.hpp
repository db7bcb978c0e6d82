// How a batch is cut for the processor: into chunks of a fixed number of images, one thread each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "simulator/layer.hpp"

namespace ohmic::cpu {

/// Images of one chunk, from the layer's geometry alone: its activations stay in a core's cache.
/// The last chunk of a batch is filled up with zeros, so neither the batch nor the number of
/// threads changes a bit of any image's answer.
inline int images_per_chunk(const ConvGeometry& g) {
  constexpr std::int64_t kFloats = 1 << 18;
  const std::int64_t per_image = std::int64_t{g.in_height} * g.in_width * g.in_channels +
                                 std::int64_t{g.out_height()} * g.out_width() * g.out_channels;
  int images = 1;
  for (const int n : {2, 5, 10, 25, 50})  // divisors of the usual batches
    if (n * per_image <= kFloats) images = n;
  return images;
}

/// Calls run(first, count) for every chunk of `images` images, in parallel.
template <class Run>
void for_each_chunk(std::int64_t images, int chunk, const Run& run) {
  const std::int64_t chunks = (images + chunk - 1) / chunk;
#pragma omp parallel for schedule(dynamic) if (chunks > 1)
  for (std::int64_t c = 0; c < chunks; ++c)
    run(c * chunk, std::min<std::int64_t>(chunk, images - c * chunk));
}

/// The first `size` of a thread's buffer of at least `size` values.
template <class T>
T* at_least(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
  return buffer.data();
}

}  // namespace ohmic::cpu
