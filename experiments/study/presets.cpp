#include "experiments/study/presets.hpp"

#include "simulator/config/schema.hpp"

namespace ohmic {

/// Name and text of experiments/study/presets/*.toml, embedded by the build; ends with nulls.
extern const char* const kPresetFiles[][2];

namespace {

/// "# Title" on the first line.
std::string title_of(const std::string& text) { return text.substr(2, text.find('\n') - 2); }

/// What `from` has and `to` lacks, table by table.
void add_missing(Value& to, const Value& from) {
  for (const auto& entry : from.table().entries()) {
    Value* present = to.table().find(entry.key);
    if (!present)
      to.set(entry.key, entry.value, entry.where);
    else if (present->is_table() && entry.value.is_table())
      add_missing(*present, entry.value);
  }
}

bool has_other_device(const Value& root, const Value& preset) {
  const Value *own = root.at("device.model"), *its = preset.at("device.model");
  return own && its && own->text() != its->text();
}

const Preset* find_preset(const std::string& name, const Position& where,
                          std::vector<Fault>& faults) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (name == preset.name) return &preset;
    names.push_back(preset.name);
  }
  const std::string near = did_you_mean(name, names);
  std::string message = "\"" + name + "\" is no preset; ";
  if (near.empty())
    message += "`ohmic list presets` gives their names";
  else
    message += "did you mean \"" + near + "\"?";
  faults.push_back({where, "preset", message});
  return nullptr;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> presets = [] {
    std::vector<Preset> all;
    for (auto file = kPresetFiles; (*file)[0]; ++file)
      all.push_back({(*file)[0], title_of((*file)[1]), (*file)[1]});
    return all;
  }();
  return presets;
}

Value with_preset(Value root, std::vector<Fault>& faults) {
  const Value* value = root.at("preset");
  const auto* name = value ? std::get_if<std::string>(&value->data) : nullptr;
  if (!name || name->empty()) return root;
  const Preset* preset = find_preset(*name, value->where, faults);
  if (!preset) return root;
  Value beneath = parse_toml(preset->text, "preset " + preset->name);
  if (has_other_device(root, beneath)) beneath.table().erase("device");
  add_missing(root, beneath);
  return root;
}

}  // namespace ohmic
