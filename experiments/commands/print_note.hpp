// What goes to the standard error, where nobody may listen: what cannot be written there is lost,
// and stops nothing.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace ohmic {

template <class... Args>
void print_note(fmt::format_string<Args...> format, Args&&... args) {
  std::fputs(fmt::format(format, std::forward<Args>(args)...).c_str(), stderr);
}

}  // namespace ohmic
