// What goes to the standard error, where nobody may listen: what cannot be written there is lost,
// and stops nothing.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "experiments/commands/color.hpp"

namespace ohmic {

template <class... Args>
void print_note(fmt::format_string<Args...> format, Args&&... args) {
  std::fputs(colored(fmt::format(format, std::forward<Args>(args)...), stderr).c_str(), stderr);
}

}  // namespace ohmic
