// --color: the words that begin errors, warnings and notes, and headings of tables.
#pragma once

#include <cstdio>
#include <string>

namespace ohmic {

/// "always", "never", or "auto": on a terminal that shows colours, where NO_COLOR is not set.
void choose_color(const std::string& when);

/// The text as it goes to this stream: in colour the first "error: ", "warning: " or "note: " that
/// begins a line, or what stands behind its place, and the titles of each table's columns: the
/// first line between empty ones whose cells are aligned with those below.
std::string colored(const std::string& text, std::FILE* to);

}  // namespace ohmic
