// --color: the words that begin errors, warnings and notes.
#pragma once

#include <cstdio>
#include <string>

namespace ohmic {

/// "always", "never", or "auto": on a terminal that shows colours, where NO_COLOR is not set.
void choose_color(const std::string& when);

/// The text as it goes to this stream: in colour the first "error: ", "warning: " or "note: " that
/// begins a line, or what stands behind its place.
std::string colored(const std::string& text, std::FILE* to);

}  // namespace ohmic
