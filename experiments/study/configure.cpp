#include "experiments/study/configure.hpp"

#include <algorithm>
#include <cctype>

namespace ohmic {
namespace {

std::string take_head(std::string& key) {
  const auto dot = key.find('.');
  const std::string head = key.substr(0, dot);
  key = dot == std::string::npos ? "" : key.substr(dot + 1);
  return head;
}

/// The entry that `word` numbers; null when there is none.
Value* element(Value& list, const std::string& word) {
  const bool is_number =
      !word.empty() && word.size() < 6 &&
      std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  auto* elements = std::get_if<Array>(&list.data);
  if (!elements || !is_number) return nullptr;
  const std::size_t index = std::stoul(word);
  return index < elements->size() ? &(*elements)[index] : nullptr;
}

const SchemaBase* device_schema(Value& device) {
  const Value* model = device.at("model");
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  const DeviceKind* kind = name ? find_device_kind(*name) : nullptr;
  return kind ? kind->schema : nullptr;
}

const Parameter* device_parameter(Value& device, std::string key) {
  if (key.starts_with("models.")) {
    take_head(key);
    Value* models = device.table().find("models");
    Value* entry = models ? element(*models, take_head(key)) : nullptr;
    return entry ? device_parameter(*entry, key) : nullptr;
  }
  if (key.starts_with("layers.")) key = key.substr(key.rfind('.') + 1);
  const SchemaBase* schema = device_schema(device);
  return schema ? schema->find(key) : nullptr;
}

/// "adc.bits" of "layer1.0.conv1.adc.bits".
std::string within_layer(const std::string& key) {
  const std::size_t last = key.rfind('.');
  if (last == std::string::npos || last == 0) return "";
  const std::size_t table = key.rfind('.', last - 1);
  return table == std::string::npos ? "" : key.substr(table + 1);
}

}  // namespace

void set_key(Value& root, const std::string& key, const Value& value) {
  Value* table = &root;
  std::string rest = key;
  while (true) {
    const auto dot = rest.find('.');
    Value* next = table->is_table() ? table->table().find(rest.substr(0, dot)) : nullptr;
    if (table->is_array()) {
      next = element(*table, rest.substr(0, dot));
      if (next && dot == std::string::npos) return void(*next = value);
    }
    if (!next || dot == std::string::npos || !(next->is_table() || next->is_array())) break;
    table = next;
    rest = rest.substr(dot + 1);
  }
  if (table->is_array())
    throw ConfigError({{{}, key, "names an entry that the list does not have"}});
  table->set(rest, value);
}

Experiment with_keys(const Experiment& experiment, const KeyValues& keys) {
  Value root = experiment.resolved();
  root.table().erase("preset");  // every key has its value already
  for (const auto& [key, value] : keys) set_key(root, key, value);
  std::vector<Fault> faults;
  Experiment changed = Experiment::read(root, faults, experiment.built);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return changed;
}

const Parameter* parameter_of(const Experiment& experiment, const std::string& dotted_key) {
  std::string rest = dotted_key;
  const SchemaBase* schema = &Experiment::schema();
  while (schema) {
    const std::string head = take_head(rest);
    if (schema == &Experiment::schema() && head == "device") {
      Value device = *experiment.resolved().at("device");
      return device_parameter(device, rest);
    }
    if (schema == &NetworkPeriphery::schema() && head == kLayersKey) {
      rest = within_layer(rest);
      continue;
    }
    const Parameter* p = schema->find(head);
    if (!p || rest.empty()) return p && !p->nested ? p : nullptr;
    schema = p->nested;
  }
  return nullptr;
}

}  // namespace ohmic
