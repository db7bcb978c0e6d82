// Parts of a whole.
#pragma once

#include <concepts>

namespace ohmic {

/// 0 of nothing.
template <std::integral T>
double share(T part, T whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace ohmic
