#include "experiments/commands/color.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

std::string chosen = "auto";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_colored(std::FILE* to) {
  if (chosen != "auto") return chosen == "always";
  return ::isatty(::fileno(to)) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

struct Kind {
  std::string_view word, color;
};
constexpr Kind kKinds[] = {
    {"error:", "\033[1;31m"}, {"warning:", "\033[1;35m"}, {"note:", "\033[1;36m"}};
constexpr std::string_view kHeading = "\033[1;32m";
constexpr std::string_view kPlain = "\033[0m";

std::string colored_line(std::string_view line) {
  for (std::size_t at = 0;; at += 2) {
    const std::string_view rest = line.substr(at);
    for (const Kind& kind : kKinds)
      if (rest.starts_with(kind.word)) {
        std::string text(line.substr(0, at));
        text.append(kind.color).append(kind.word).append(kPlain);
        return text.append(rest.substr(kind.word.size()));
      }
    at = line.find(": ", at);
    if (at == std::string_view::npos) return std::string(line);
  }
}

/// A cell of a line, from and to in code points.
struct Place {
  std::size_t begin, end;
};

/// Cells are two blanks or more apart.
std::vector<Place> cells_of(std::string_view line) {
  std::vector<Place> cells;
  for (std::size_t at = line.find_first_not_of(' '); at < line.size();) {
    const std::size_t end = std::min(line.find("  ", at), line.size());
    cells.push_back({length_of(line.substr(0, at)), length_of(line.substr(0, end))});
    at = line.find_first_not_of(' ', end);
  }
  return cells;
}

/// Titles end where the cells below them do; those of a last column may begin with them.
bool is_heading(std::string_view line, std::string_view below) {
  const std::vector<Place> titles = cells_of(line), cells = cells_of(below);
  if (titles.size() < 2 || cells.size() < 2 || titles[0].end != cells[0].end) return false;
  return titles[1].end == cells[1].end || titles[1].begin == cells[1].begin;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string heading_line(std::string_view line) {
  return std::string(kHeading).append(line).append(kPlain);
}

}  // namespace

void choose_color(const std::string& when) { chosen = when; }

std::string colored(const std::string& text, std::FILE* to) {
  if (!is_colored(to)) return text;
  std::string all;
  bool may_begin_table = true;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = first_line(rest);
    const bool ends = line.size() < rest.size();
    rest.remove_prefix(line.size() + ends);
    const bool is_title = may_begin_table && is_heading(line, first_line(rest));
    all += is_title ? heading_line(line) : colored_line(line);
    if (ends) all += '\n';
    may_begin_table = line.empty() || (may_begin_table && !is_title);
  }
  return all;
}

}  // namespace ohmic
