#include "experiments/manual/json_schema.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/budget/settings.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value.data)) return *b;
  if (const auto* i = std::get_if<std::int64_t>(&value.data)) return *i;
  if (const auto* d = std::get_if<double>(&value.data)) return *d;
  if (const auto* s = std::get_if<std::string>(&value.data)) return *s;
  if (!value.is_array()) return nullptr;
  Json array = Json::array();
  for (const Value& element : value.array()) array.push_back(json_of(element));
  return array;
}

/// Empty for what is declared by words alone.
std::string json_type(const std::string& type) {
  if (type == "boolean") return "boolean";
  if (type == "integer" || type == "integers") return "integer";
  if (type == "real" || type == "reals") return "number";
  if (type == "string" || type == "strings" || type == "path") return "string";
  return {};
}

void add_numbers(const Parameter& p, Json& schema) {
  if (std::isfinite(p.minimum))
    schema[p.minimum_is_open ? "exclusiveMinimum" : "minimum"] = p.minimum;
  if (std::isfinite(p.maximum)) schema["maximum"] = p.maximum;
}

Json object_of(const SchemaBase&);

/// What a value that is there may be.
Json present(const Parameter& p) {
  if (p.nested) return object_of(*p.nested);
  Json schema = Json::object();
  constexpr char kList[] = "list of ";
  if (p.type.starts_with(kList)) {
    schema["type"] = "array";
    const std::string type = json_type(p.type.substr(sizeof kList - 1));
    Json items = Json::object();
    if (!type.empty()) items["type"] = type;
    if (!p.choices.empty()) items["enum"] = p.choices;
    add_numbers(p, items);
    if (!items.empty()) schema["items"] = std::move(items);
    return schema;
  }
  if (const std::string type = json_type(p.type); !type.empty()) schema["type"] = type;
  if (!p.choices.empty()) schema["enum"] = p.choices;
  add_numbers(p, schema);
  return schema;
}

Json parameter_of(const Parameter& p, const void* defaults) {
  Json schema = present(p);
  if (!p.absent.empty()) schema = {{"anyOf", {{{"const", p.absent}}, schema}}};
  std::string text = p.nested ? p.nested->doc : p.doc;
  if (!p.unit.empty() && p.unit != "1") text += " In " + p.unit + ".";
  if (json_type(p.type).empty() && !p.nested && !p.type.empty() && p.type != "table")
    text += " " + p.type + ".";
  schema["description"] = text;
  if (p.nested || !p.write) return schema;
  const Value value = p.write(defaults);
  if (!std::holds_alternative<std::monostate>(value.data) && !value.is_table())
    schema["default"] = json_of(value);
  else if (!p.absent.empty())
    schema["default"] = p.absent;
  return schema;
}

/// What has to be given may come from a preset, a sweep or --set, so nothing is required here.
Json object_of(const SchemaBase& schema) {
  const auto defaults = schema.make_default();
  Json object{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  for (const Parameter& p : schema.parameters())
    object["properties"][p.key] = parameter_of(p, defaults.get());
  return object;
}

/// Keys of any model, with what each model makes of them: where a preset or a sweep names it.
Json device_without_model(const Json& models) {
  std::map<std::string, Json> declared;  // lists of what differs
  for (const Json& model : models)
    for (const auto& [key, declaration] : model["properties"].items()) {
      Json& all = declared.emplace(key, Json::array()).first->second;
      if (std::find(all.begin(), all.end(), declaration) == all.end()) all.push_back(declaration);
    }
  declared.erase("model");
  Json object{{"type", "object"}, {"title", "of a preset or a sweep"}};
  object["not"] = {{"required", {"model"}}};
  object["additionalProperties"] = false;
  for (auto& [key, all] : declared)
    object["properties"][key] = all.size() == 1 ? all.front() : Json{{"anyOf", all}};
  return object;
}

/// One of the models, each with its own keys, or none; layers have keys of the same.
Json device_schema() {
  Json models = Json::array(), names = Json::array();
  for (const DeviceKind& kind : device_kinds()) {
    Json model = object_of(*kind.schema);
    model["title"] = kind.name;
    model["description"] = kind.schema->doc;
    model["properties"]["model"] = {{"const", kind.name}};
    model["required"] = {"model"};
    model["properties"]["layers"] = {{"type", "object"}};
    models.push_back(std::move(model));
    names.push_back(kind.name);
  }
  models.push_back(device_without_model(models));
  Json schema{{"oneOf", std::move(models)}};
  schema["properties"]["model"]["enum"] = names;  // so that editors say what a wrong one could be
  return schema;
}

}  // namespace

std::string json_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "ohmic"}};
  schema.update(object_of(Experiment::schema()));
  schema["description"] = Experiment::schema().doc;
  Json& tables = schema["properties"];
  const std::string of_device = tables["device"]["description"];
  tables["device"] = device_schema();
  tables["device"]["description"] = of_device;
  Json& hardware = tables["train"]["properties"]["hardware"]["anyOf"].back();
  for (const char* table : {"device", "mapping", "periphery"})
    hardware["properties"][table]["$ref"] = std::string("#/properties/") + table;
  tables["budget"] = object_of(BudgetSettings::schema());
  tables["sweep"] = {{"type", "object"},
                     {"description", "Axes by dotted key; every combination is a point."}};
  return schema.dump(1) + "\n";
}

}  // namespace ohmic
