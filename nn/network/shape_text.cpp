#include "nn/network/shape_text.hpp"

namespace ohmic {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string s = "[";
  for (const std::int64_t n : shape) s += (s.size() > 1 ? ", " : "") + std::to_string(n);
  return s + "]";
}

}  // namespace ohmic
