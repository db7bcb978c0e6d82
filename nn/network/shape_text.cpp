#include "nn/network/shape_text.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace ohmic {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string s = "[";
  for (const std::int64_t n : shape) s += (s.size() > 1 ? ", " : "") + std::to_string(n);
  return s + "]";
}

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace ohmic
