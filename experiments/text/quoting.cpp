#include "experiments/text/quoting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ohmic {
namespace {

constexpr char kInstead[] = "\uFFFD";
constexpr std::size_t kLongestConstant = 200, kLongestFileName = 100;

bool follows(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// A code point and the bytes it takes; 0 bytes where the text does not begin with valid UTF-8.
struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

CodePoint first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {0, 0};
  char32_t value = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!follows(text[i])) return {0, 0};
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  const bool too_long = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  return too_long || is_surrogate || value > 0x10FFFF ? CodePoint{0, 0} : CodePoint{value, bytes};
}

/// Control characters, separators of lines, marks of direction, and what XML does not know.
bool is_unseen(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
         (c & 0xFFFE) == 0xFFFE;
}

std::string visible(std::string_view text, bool keeps_lines) {
  std::string seen;
  seen.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_of(text);
    const bool is_blank = c.value == '\n' || c.value == '\r' || c.value == '\t';
    if (c.bytes > 0 && is_blank)
      seen += keeps_lines && c.value != '\r' ? text.front() : ' ';
    else
      seen +=
          c.bytes == 0 || is_unseen(c.value) ? std::string_view(kInstead) : text.substr(0, c.bytes);
    text.remove_prefix(std::max<std::size_t>(c.bytes, 1));
  }
  return seen;
}

/// Where the code point of this number begins.
std::size_t place_of(std::string_view text, std::size_t number) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!follows(text[at]) && number-- == 0) break;
  return at;
}

/// Text with each of these characters replaced.
template <class Replacement>
std::string replaced(std::string_view text, const Replacement& of) {
  std::string result;
  for (const char c : text) {
    const char* instead = of(c);
    instead ? result += instead : result += c;
  }
  return result;
}

}  // namespace

std::string one_line(std::string_view text) { return visible(text, false); }
std::string lines(std::string_view text) { return visible(text, true); }

std::size_t length_of(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), follows));
}

std::string shortened(std::string_view text, std::size_t most) {
  const std::size_t length = length_of(text);
  if (length <= most) return std::string(text);
  const std::size_t head = (most - 3) / 2, tail = most - 3 - head;
  return std::string(text.substr(0, place_of(text, head))) + "..." +
         std::string(text.substr(place_of(text, length - tail)));
}

std::string gnuplot_string(std::string_view text) {
  return "'" +
         replaced(shortened(one_line(text), kLongestConstant),
                  [](char c) { return c == '\'' ? "’" : nullptr; }) +
         "'";
}

std::string gnuplot_tic(std::string_view text) {
  return replaced(gnuplot_string(text), [](char c) { return c == '%' ? "%%" : nullptr; });
}

std::string html_text(std::string_view text) {
  return replaced(lines(text), [](char c) {
    return c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#39;"
                       : nullptr;
  });
}

std::string csv_cell(std::string_view text) {
  const std::string cell = one_line(text);
  if (cell.find_first_of(",\"") == std::string::npos) return cell;
  return "\"" + replaced(cell, [](char c) { return c == '"' ? "\"\"" : nullptr; }) + "\"";
}

std::string markdown_line(std::string_view text) {
  return replaced(one_line(text), [](char c) {
    return c == '|' ? "\\|" : c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '\\' ? "\\\\" : nullptr;
  });
}

std::string shell_word(std::string_view text) {
  const std::string_view word = text.substr(0, text.find('\0'));
  if (!word.empty() &&
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_-+=./:,@%") == std::string_view::npos)
    return std::string(word);
  const auto quote = [](char c) { return c == '\'' ? "'\\''" : nullptr; };
  if (one_line(word) == word) return "'" + replaced(word, quote) + "'";
  std::string escaped = "$'";
  for (const char c : word)
    if (c == '\'' || c == '\\')
      escaped += fmt::format("\\{}", c);
    else if (c >= ' ' && c < 0x7F)
      escaped += c;
    else
      escaped += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  return escaped + "'";
}

std::string file_name_part(std::string_view text) {
  std::string name;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || (c == '.' && !name.empty()))
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  if (name.size() > kLongestFileName) name.resize(kLongestFileName);
  return name.empty() ? "unnamed" : name;
}

}  // namespace ohmic
