#include "experiments/study/places.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string_view>

namespace ohmic {
namespace {

/// The value of a key, or of the nearest table above that is no whole table of the file.
const Value* find(const Value& root, std::string key) {
  const Value* const sweep = root.is_table() ? root.table().find("sweep") : nullptr;
  for (;;) {
    if (const Value* value = root.at(key)) return value;
    if (sweep && sweep->is_table()) {
      if (const Value* quoted = sweep->table().find(key)) return quoted;
      if (const Value* value = sweep->at(key)) return value;
    }
    key.resize(key.rfind('.'));
    if (key.find('.') == key.npos) return nullptr;
  }
}

/// " (f.toml:7)", " (--set)"; empty where there is no place.
std::string place_text(const Position& where) {
  if (where.file.empty()) return "";
  return where.line > 0 ? fmt::format(" ({}:{})", where.file, where.line)
                        : fmt::format(" ({})", where.file);
}

}  // namespace

std::string with_places(const std::string& message, const Value& root) {
  constexpr std::string_view kOfKeys = "abcdefghijklmnopqrstuvwxyz0123456789_.";
  std::istringstream lines(message);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = std::min(line.find_first_not_of(kOfKeys), line.size());
    const std::string key = line.substr(0, end);
    const std::size_t dot = key.find('.');
    const bool is_key = dot != key.npos && dot > 0 && !key.ends_with('.') && end < line.size() &&
                        (line[end] == ':' || line[end] == ' ');
    const Value* const value = is_key ? find(root, key) : nullptr;
    if (value) line.insert(end, place_text(value->where));
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

}  // namespace ohmic
