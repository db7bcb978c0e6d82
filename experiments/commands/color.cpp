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

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view lines_below(std::string_view text) {
  return text.substr(std::min(first_line(text).size() + 1, text.size()));
}

/// Whether lines begin with titles: those end where the cells below them do, or begin with them in
/// the last column. The widest of the first column begins its line, as none does in lists.
bool begins_table(std::string_view block) {
  const auto titles = cells_of(first_line(block));
  const auto cells = cells_of(first_line(lines_below(block)));
  if (titles.size() < 2 || cells.size() < 2 || titles[0].end != cells[0].end) return false;
  if (titles[1].end != cells[1].end && titles[1].begin != cells[1].begin) return false;
  for (; !block.empty(); block = lines_below(block))
    if (const auto row = cells_of(first_line(block)); !row.empty())
      if (row[0].begin == 0 && row[0].end == titles[0].end) return true;
  return false;
}

std::string heading_line(std::string_view line) {
  return std::string(kHeading).append(line).append(kPlain);
}

}  // namespace

void choose_color(const std::string& when) { chosen = when; }

std::string colored(const std::string& text, std::FILE* to) {
  if (!is_colored(to)) return text;
  std::string all;
  int above = 0;  // lines since an empty one: a caption at most
  for (std::string_view rest = text; !rest.empty(); rest = lines_below(rest)) {
    const std::string_view line = first_line(rest);
    const bool has_titles = above < 2 && begins_table(rest.substr(0, rest.find("\n\n")));
    all += has_titles ? heading_line(line) : colored_line(line);
    if (line.size() < rest.size()) all += '\n';
    above = line.empty() ? 0 : has_titles ? 2 : above + 1;
  }
  return all;
}

}  // namespace ohmic
