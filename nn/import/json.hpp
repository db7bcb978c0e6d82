// JSON of a file that nobody vouches for. Private to nn/import/.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ohmic {

using Json = nlohmann::json;

/// Parses the JSON of entry `what`. Throws DataError (without the file's name) for what is damaged
/// or nested beyond anything a model has.
Json parse_json(std::string_view text, const std::string& what);

/// Member `key` of an object, or null.
const Json* find(const Json& object, const char* key);
/// The same where it must be there; throws DataError naming the key.
const Json& member(const Json& object, const char* key);

/// A whole number. Throws DataError for anything else, which may be a number beyond all of them.
std::int64_t whole_number(const Json&);

}  // namespace ohmic
