// A swept value, or a network's name, in a table on a terminal.
#pragma once

#include <string>
#include <string_view>

#include "experiments/text/quoting.hpp"

namespace ohmic {

/// On one line and not so long that it pushes the numbers beside it out of sight, as a list of
/// tables would.
inline std::string shown_value(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  return shortened(one_line(text), kLongest);
}

}  // namespace ohmic
