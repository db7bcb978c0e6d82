#include "nn/import/json.hpp"

#include "nn/import/draft.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kDeepestJson = 200;

}  // namespace

Json parse_json(std::string_view text, const std::string& what) {
  const auto bounded = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepestJson) throw DataError("is damaged: " + what + " is nested too deeply");
    return true;
  };
  Json json = Json::parse(text.begin(), text.end(), bounded, false);
  if (!json.is_object()) throw DataError("is damaged: " + what + " is no JSON object");
  return json;
}

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::int64_t whole_number(const Json& json) {
  if (!json.is_number_integer())
    throw DataError("is damaged: a whole number is " + printable(json.dump().substr(0, 100)));
  return json.get<std::int64_t>();
}

const Json& member(const Json& object, const char* key) {
  const Json* found = find(object, key);
  if (!found) throw DataError(std::string("is damaged: a part has no \"") + key + '"');
  return *found;
}

}  // namespace ohmic
