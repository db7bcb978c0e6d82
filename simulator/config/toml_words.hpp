// What a parser of TOML says of a syntax error, in the words of our own messages.
#pragma once

#include <string>
#include <string_view>

namespace ohmic {

/// "expected a value, got the end of the line: key = value" for toml++'s "Error while parsing
/// key-value pair: expected value, saw '\n'". What is not known keeps its words, on one line.
std::string syntax_words(std::string_view description);

}  // namespace ohmic
