#include "simulator/config/toml_words.hpp"

#include <regex>

namespace ohmic {
namespace {

struct Wording {
  const char* said;  ///< all of what follows "Error while parsing ...: "
  std::string words;
};

constexpr char kValue[] =
    "expected a value: a number, true, false, \"a text in quotes\", [a list] or { a = table }";

const Wording kWordings[] = {
    {"cannot redefine existing [a-z- ]+ '([^']*)'.*", "$1 stands here for the second time"},
    {"could not determine value type", kValue},
    {"expected 'true', saw .*", kValue},
    {"expected 'false', saw .*", kValue},
    {"expected 'inf', saw .*", kValue},
    {"expected 'nan', saw .*", kValue},
    {"unescaped control characters other than TAB .* are explicitly prohibited",
     "a text ends on the line on which it begins: expected a closing quote (control characters "
     "are written \\uXXXX)"},
    {"Encountered invalid utf-8 sequence.*", "expected UTF-8, got other bytes"},
    {"expected keys, tables, whitespace or comments, saw (.*)",
     "expected key = value, [table] or # comment, got $1"},
    {"expected a comment or whitespace, saw (.*)", "expected the end of the line, got $1"},
    {"expected value, saw (.*)", "expected a value, got $1"},
    {"unknown escape sequence '\\\\(.*)'",
     "\\$1 is no escape in a text; expected \\\\ for a backslash, or the text in single quotes"},
    {"leading zeroes are prohibited", "expected a number without leading zeros"},
    {"'(.*)' could not be interpreted as a value", "$1 is no number that fits"},
    {"'(.*)' is not representable in 64 bits", "$1 is no number that fits"},
    {"expected (.*), saw (.*)", "expected $1, got $2"},
};

/// Line ends and the like as characters that a message may hold.
std::string on_one_line(std::string text) {
  static const std::regex line_end("\r?\n");
  return std::regex_replace(std::move(text), line_end, "\\n");
}

}  // namespace

std::string syntax_words(std::string_view description) {
  constexpr std::size_t kLongest = 1000;  // std::regex takes stack for every character
  std::string said = on_one_line(std::string(description.substr(0, kLongest)));
  std::string of;
  static const std::regex lead("Error while parsing ([a-z -]+): (.*)");
  if (std::smatch parts; std::regex_match(said, parts, lead)) {
    of = "in a " + parts[1].str() + ": ";
    said = parts[2].str();
  }
  static const std::regex end_of_line("'\\\\n'");
  said = std::regex_replace(said, end_of_line, "the end of the line");
  for (const Wording& wording : kWordings) {
    const std::regex pattern(wording.said);
    if (std::regex_match(said, pattern))
      return (wording.words == kValue ? "" : of) + std::regex_replace(said, pattern, wording.words);
  }
  return of + said;
}

}  // namespace ohmic
