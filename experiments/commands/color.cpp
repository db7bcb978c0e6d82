#include "experiments/commands/color.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

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

struct LabelColor {
  std::string_view word, color;
};
constexpr LabelColor kLabels[] = {
    {"error:", "\033[1;31m"}, {"warning:", "\033[1;35m"}, {"note:", "\033[1;36m"}};
constexpr std::string_view kPlain = "\033[0m";

std::string colored_line(std::string_view line) {
  for (std::size_t at = 0;; at += 2) {
    const std::string_view rest = line.substr(at);
    for (const LabelColor& label : kLabels)
      if (rest.starts_with(label.word)) {
        std::string text(line.substr(0, at));
        text.append(label.color).append(label.word).append(kPlain);
        return text.append(rest.substr(label.word.size()));
      }
    at = line.find(": ", at);
    if (at == std::string_view::npos) return std::string(line);
  }
}

}  // namespace

void choose_color(const std::string& when) { chosen = when; }

std::string colored(const std::string& text, std::FILE* to) {
  if (!is_colored(to)) return text;
  std::string all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    all += colored_line(std::string_view(text).substr(begin, end - begin));
    begin = end;
  }
  return all;
}

}  // namespace ohmic
