#include "simulator/error.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace ohmic {
namespace {

constexpr std::size_t kMostShown = 100;  // more say nothing that is read

std::string joined(const std::vector<Fault>& faults) {
  std::string text;
  for (std::size_t i = 0; i < std::min(faults.size(), kMostShown); ++i)
    text += (i == 0 ? "" : "\n") + faults[i].text();
  if (faults.size() > kMostShown)
    text += "\nand " + std::to_string(faults.size() - kMostShown) + " more like these";
  return text;
}

/// With control characters as TOML writes them, so that a terminal shows all of the text as it is.
std::string printable(const std::string& text, std::string_view kept) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if ((code >= 0x20 && code != 0x7f) || kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(code));
    out += escape;
  }
  return out;
}

}  // namespace

std::string Position::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Fault::text() const {
  const std::string place = printable(where.text(), "");
  return (place.empty() ? "" : place + ": ") +
         "error: " + (key.empty() ? "" : printable(key, "") + ": ") + printable(message, "\n");
}

ConfigError::ConfigError(std::vector<Fault> faults)
    : Error(joined(faults)), faults_(std::move(faults)) {}

ConfigError::ConfigError(const std::string& message)
    : ConfigError(std::vector<Fault>{{{}, {}, message}}) {}

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "ohmic: internal error: %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace ohmic
