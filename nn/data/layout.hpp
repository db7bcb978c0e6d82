// Channels first and channels last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ohmic {

/// `shape` without axes of length 1.
std::vector<std::int64_t> without_ones(const std::vector<std::int64_t>& shape);

/// Where axis i of `to` is among those of `from`, where one has its channels first and the other
/// last. Empty: they do not fit so.
std::vector<std::size_t> axes_between(const std::vector<std::int64_t>& from,
                                      const std::vector<std::int64_t>& to);

/// values (samples of the shape `from`, three axes) with the axes of each in another order.
template <class T>
std::vector<T> permuted(const std::vector<T>& values, const std::vector<std::int64_t>& from,
                        const std::vector<std::size_t>& order) {
  const std::int64_t step[] = {from[1] * from[2], from[2], 1}, size = from[0] * step[0];
  std::vector<T> out;
  out.reserve(values.size());
  for (std::int64_t first = 0; first < static_cast<std::int64_t>(values.size()); first += size)
    for (std::int64_t i = 0; i < from[order[0]]; ++i)
      for (std::int64_t j = 0; j < from[order[1]]; ++j)
        for (std::int64_t k = 0; k < from[order[2]]; ++k)
          out.push_back(values[static_cast<std::size_t>(first + i * step[order[0]] +
                                                        j * step[order[1]] + k * step[order[2]])]);
  return out;
}

}  // namespace ohmic
