// The file of a budget card, read as a stranger's.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/budget/card.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/text/quoting.hpp"
#include "simulator/error.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

using Json = RecordedJson;

constexpr int kCardVersion = 1;
constexpr std::size_t kMostBytes = 1 << 20, kMostEntries = 1000, kMostItems = 10'000;
constexpr std::int64_t kMostDraws = 1'000'000'000;
constexpr char kTolerances[] = "tolerances";

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

// --- the schema ---

Json typed(const char* type, const char* doc) { return {{"type", type}, {"description", doc}}; }
Json or_null(const char* doc) {
  return {{"type", Json::array({"number", "null"})}, {"description", doc}};
}
Json hash_schema(const char* doc) {
  return {{"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}, {"description", doc}};
}

Json object_schema(Json properties, const std::vector<std::string>& optional = {}) {
  Json required = Json::array();
  for (const auto& item : properties.items())
    if (std::ranges::find(optional, item.key()) == optional.end()) required.push_back(item.key());
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", std::move(required)},
          {"properties", std::move(properties)}};
}

Json entry_schema() {
  Json layers = typed("object", "device.eta of each layer, where each has its own.");
  layers["additionalProperties"] = {{"type", "number"}, {"minimum", 0}};
  Json settings = typed("object",
                        "Every key that the chip and its measurement have beside the metric's "
                        "draws, with its TOML value.");
  settings["additionalProperties"] = {{"type", "string"}};
  Json confidence = typed("number", "Of the tolerance, and of `ohmic budget --check`.");
  confidence.update({{"minimum", 0.5}, {"maximum", 0.9999}});
  Json draws = typed("integer", "Chips that `value` is of.");
  draws["minimum"] = 0;
  Json max_draws = typed("integer", "The most chips that one value was judged by.");
  max_draws["minimum"] = 1;
  Json seed = typed("integer", "Of the draws.");
  seed["minimum"] = 0;
  return object_schema(
      {{"knob",
        {{"type", "array"},
         {"items", {{"type", "string"}}},
         {"minItems", 1},
         {"description", "Dotted keys of the source, which have the same value."}}},
       {"tolerated", typed("number",
                           "Value up to which the limit is kept, shown with confidence; "
                           "of layers the geometric mean.")},
       {"not_tolerated", or_null("Value that is shown to miss it.")},
       {"about", or_null("Where the means cross the limit; promises nothing.")},
       {"layers", std::move(layers)},
       {"allowed", typed("string", "What may be lost, in words.")},
       {"metric", typed("string", "evaluation.metric.")},
       {"limit", typed("number", "The worst value of the metric that is allowed.")},
       {"baseline", or_null("Of the network without noise.")},
       {"value", or_null("Mean over chips at the tolerance.")},
       {"value_lo", or_null("Lower end of its interval.")},
       {"value_hi", or_null("Upper end of its interval.")},
       {"draws", std::move(draws)},
       {"max_draws", std::move(max_draws)},
       {"confidence", std::move(confidence)},
       {"seed", std::move(seed)},
       {"commit", typed("string", "Of the ohmic that found it.")},
       {"settings", std::move(settings)}},
      {"layers"});
}

Json whole_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "ohmic budget card"},
              {"description",
               "What one network tolerates: written by `ohmic budget --card`, asked "
               "by `ohmic budget --check`."}};
  schema.update(object_schema(
      {{"ohmic_card", {{"const", kCardVersion}, {"description", "Version of this format."}}},
       {"ohmic", typed("string", "Version of the ohmic that wrote the file.")},
       {"network", object_schema({{"name", typed("string", "For a person.")},
                                  {"weights_sha256", hash_schema("Of its weight file.")}})},
       {"data",
        object_schema({{"name", typed("string", "For a person.")},
                       {"images", typed("integer", "Test samples.")},
                       {"test_sha256", hash_schema("Of the test samples.")},
                       {"train_sha256", hash_schema("Of the samples that converters' ranges "
                                                    "come from.")}})},
       {kTolerances,
        {{"type", "array"},
         {"minItems", 1},
         {"maxItems", kMostEntries},
         {"items", entry_schema()}}}}));
  return schema;
}

// --- the file ---

Json json_of(const CardEntry& e) {
  Json json{{"knob", e.knob},
            {"tolerated", e.tolerated},
            {"not_tolerated", number_or_null(e.not_tolerated)},
            {"about", number_or_null(e.about)}};
  for (const auto& [layer, eta] : e.layers) json["layers"][layer] = eta;
  json.update({{"allowed", e.allowed},
               {"metric", e.metric},
               {"limit", e.limit},
               {"baseline", number_or_null(e.baseline)},
               {"value", number_or_null(e.value.mean)},
               {"value_lo", number_or_null(e.value.lo)},
               {"value_hi", number_or_null(e.value.hi)},
               {"draws", e.draws},
               {"max_draws", e.max_draws},
               {"confidence", e.confidence},
               {"seed", e.seed},
               {"commit", e.commit},
               {"settings", e.settings}});
  return json;
}

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() > 40 ? text.substr(0, 40) + "..." : text;
}

/// A finite number in [least, most].
double real_of(const Json& value, const std::string& what, double least, double most,
               const std::string& place) {
  const double number = value.is_number() ? value.get<double>() : Estimate::kNone;
  if (!(number >= least && number <= most))
    say_damaged(place, fmt::format("{} is {}; expected a number in [{:g}, {:g}]", what,
                                   shown(value), least, most));
  return number;
}

constexpr double kLargest = 1e300;

double real_of(const Json& object, const char* key, const std::string& place) {
  return real_of(member(object, key, place), key, -kLargest, kLargest, place);
}

double real_or_none(const Json& object, const char* key, const std::string& place) {
  return member(object, key, place).is_null() ? Estimate::kNone : real_of(object, key, place);
}

const Json& object_of(const Json& object, const char* key, const std::string& place) {
  const Json& value = member(object, key, place);
  if (!value.is_object() || value.size() > kMostItems)
    say_damaged(place, fmt::format("{} is {}; expected an object of at most {} members", key,
                                   value.is_object() ? "one of more" : shown(value), kMostItems));
  return value;
}

std::string hash_of(const Json& object, const char* key, const std::string& place) {
  std::string hash = text_of(object, key, place);
  if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos)
    say_damaged(place, fmt::format("{} is {}; expected a SHA-256 of 64 hexadecimal digits", key,
                                   shown(hash)));
  return hash;
}

std::vector<std::string> knobs_of(const Json& entry, const std::string& place) {
  const Json& list = list_of(entry, "knob", place);
  std::vector<std::string> knobs;
  for (const Json& knob : list) knobs.push_back(knob.is_string() ? knob.get<std::string>() : "");
  if (knobs.empty() || knobs.size() > kMostEntries || std::ranges::count(knobs, "") > 0)
    say_damaged(place, fmt::format("knob is {}; expected a list of dotted keys", shown(list)));
  return knobs;
}

/// A member that the schema does not have is a mistake, or of another version.
void refuse_unknown(const Json& object, const Json& schema, const std::string& place) {
  const Json& known = schema["properties"];
  for (const auto& item : object.items())
    if (!known.contains(item.key())) {
      std::string names;
      for (const auto& name : known.items()) names += (names.empty() ? "" : ", ") + name.key();
      say_damaged(place, fmt::format("{} is unknown; expected {}", shown(item.key()), names));
    }
}

/// Of bits the fewest are tolerated, of noise the most; which way other knobs act no card says.
bool is_of_bits(const CardEntry& e) {
  return std::ranges::all_of(e.knob, [](const std::string& key) { return key.ends_with("bits"); });
}
bool is_of_noise(const CardEntry& e) {
  return std::ranges::all_of(e.knob, [](const std::string& key) { return key.ends_with(".eta"); });
}
bool is_milder_and_missed(const CardEntry& e) {
  return is_of_bits(e) ? e.not_tolerated > e.tolerated
                       : is_of_noise(e) && e.not_tolerated < e.tolerated;
}

/// Numbers of an entry that cannot be of one answer.
void refuse_contradictions(const CardEntry& e, const std::string& place) {
  const bool has_interval = !std::isnan(e.value.lo) && !std::isnan(e.value.hi);
  if (has_interval && !(e.value.lo <= e.value.mean && e.value.mean <= e.value.hi))
    say_damaged(place, fmt::format("value is {:g}; expected one in [value_lo, value_hi] = [{:g}, "
                                   "{:g}]",
                                   e.value.mean, e.value.lo, e.value.hi));
  if (e.allowed.empty())
    say_damaged(place, "allowed is \"\"; expected what may be lost, in words, which limit is of");
  if (e.layers.empty() && e.draws > e.max_draws)
    say_damaged(place, fmt::format("max_draws is {}; expected draws, {}, at least, which value is "
                                   "of",
                                   e.max_draws, e.draws));
  if (e.not_tolerated == e.tolerated || is_milder_and_missed(e))
    say_damaged(place, fmt::format("not_tolerated is {:g}; expected {} than tolerated, {:g}",
                                   e.not_tolerated, is_of_bits(e) ? "less" : "more", e.tolerated));
  for (const std::string& knob : e.knob)
    if (const auto set = e.settings.find(knob); e.layers.empty() && set != e.settings.end())
      if (std::strtod(set->second.c_str(), nullptr) != e.tolerated)
        say_damaged(place, fmt::format("settings.{} is {}; expected tolerated, {:g}", knob,
                                       shown(set->second), e.tolerated));
}

/// A later form may have what this one calls damage.
void refuse_newer(const Json& json, const std::string& place) {
  const Json& form = member(json, "ohmic_card", place);
  if (!form.is_number_integer() || form.get<double>() <= kCardVersion) return;
  const auto by = json.find("ohmic");
  throw DataError(fmt::format(
      "{}: a card of a newer ohmic{}: ohmic_card is {}, and this one, {}, reads {}; expected that "
      "ohmic, or a new card",
      place,
      by != json.end() && by->is_string() ? " (" + one_line(by->get<std::string>()) + ")" : "",
      shown(form), version(), kCardVersion));
}

CardEntry entry_of(const Json& json, const std::string& place) {
  refuse_unknown(json, entry_schema(), place);
  CardEntry e;
  e.knob = knobs_of(json, place);
  e.tolerated = real_of(json, "tolerated", place);
  e.not_tolerated = real_or_none(json, "not_tolerated", place);
  e.about = real_or_none(json, "about", place);
  if (json.contains("layers"))
    for (const auto& [layer, eta] : object_of(json, "layers", place).items())
      e.layers.push_back({layer, real_of(eta, "layers." + layer, 0, kLargest, place)});
  e.allowed = text_of(json, "allowed", place);
  e.metric = text_of(json, "metric", place);
  e.limit = real_of(json, "limit", place);
  e.baseline = real_or_none(json, "baseline", place);
  e.value = {real_or_none(json, "value", place), real_or_none(json, "value_lo", place),
             real_or_none(json, "value_hi", place)};
  e.draws = whole_number(json, "draws", 0, kMostDraws, place);
  e.max_draws = whole_number(json, "max_draws", 1, kMostDraws, place);
  e.confidence = real_of(member(json, "confidence", place), "confidence", 0.5, 0.9999, place);
  e.seed = static_cast<std::uint64_t>(
      whole_number(json, "seed", 0, std::numeric_limits<std::int64_t>::max(), place));
  e.commit = text_of(json, "commit", place);
  const Json& settings = object_of(json, "settings", place);
  for (const auto& item : settings.items())
    e.settings[item.key()] = text_of(settings, item.key().c_str(), place);
  refuse_contradictions(e, place);
  return e;
}

}  // namespace

void write_card(const std::filesystem::path& file, const BudgetCard& card) {
  Json json{{"ohmic_card", kCardVersion},
            {"ohmic", version()},
            {"network", {{"name", card.network}, {"weights_sha256", card.weights_sha256}}},
            {"data",
             {{"name", card.data},
              {"images", card.images},
              {"test_sha256", card.test_sha256},
              {"train_sha256", card.train_sha256}}},
            {kTolerances, Json::array()}};
  for (const CardEntry& entry : card.entries) json[kTolerances].push_back(json_of(entry));
  write_atomically(file, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

BudgetCard read_card(const std::filesystem::path& file) {
  const std::string place = file.string();
  std::error_code unknown;  // read_bytes says what is wrong
  const std::uintmax_t bytes = std::filesystem::file_size(file, unknown);
  if (!unknown && bytes > kMostBytes)
    say_damaged(place,
                fmt::format("it has {} bytes; expected a card of at most {}", bytes, kMostBytes));
  const Json json = parse_recorded(read_bytes(file), place);
  refuse_newer(json, place);
  whole_number(json, "ohmic_card", kCardVersion, kCardVersion, place);
  const Json schema = whole_schema();
  refuse_unknown(json, schema, place);
  BudgetCard card;
  const Json &network = member(json, "network", place), &data = member(json, "data", place);
  refuse_unknown(network, schema["properties"]["network"], place + ": network");
  refuse_unknown(data, schema["properties"]["data"], place + ": data");
  card.network = text_of(network, "name", place + ": network");
  card.weights_sha256 = hash_of(network, "weights_sha256", place + ": network");
  card.data = text_of(data, "name", place + ": data");
  card.images = whole_number(data, "images", 0, kMostDraws, place + ": data");
  card.test_sha256 = hash_of(data, "test_sha256", place + ": data");
  card.train_sha256 = hash_of(data, "train_sha256", place + ": data");
  const Json& entries = list_of(json, kTolerances, place);
  if (entries.empty() || entries.size() > kMostEntries)
    say_damaged(place, fmt::format("{} has {} entries; expected 1 to {}", kTolerances,
                                   entries.size(), kMostEntries));
  for (std::size_t i = 0; i < entries.size(); ++i)
    card.entries.push_back(entry_of(entries[i], fmt::format("{}: {}[{}]", place, kTolerances, i)));
  return card;
}

std::string card_schema() { return whole_schema().dump(1) + "\n"; }

}  // namespace ohmic
