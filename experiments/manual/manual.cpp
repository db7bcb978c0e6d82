#include "experiments/manual/manual.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "experiments/budget/settings.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/presets.hpp"
#include "simulator/config/describe.hpp"

namespace ohmic {
namespace {

/// A schema under the words that users know it by.
struct Page {
  std::string word;   ///< "periphery.adc"; of a device model its name
  std::string table;  ///< dotted key of the table it is written in
  const SchemaBase* schema;
};

const char* const kSweep =
    "[sweep]\n"
    "Axes by dotted key; every combination is a point, the last axis fastest.\n\n"
    "  \"device.eta\" = [0.1, 0.2]                one key, several values\n"
    "  \"noise\" = [{ semantics = \"kernels\" },    keys of one table that move together\n"
    "             { semantics = \"keras_get_weights\", negative_variance = \"nan\" }]\n"
    "  case = [{ name = \"as written\" },         settings of any keys under names of their own\n"
    "          { name = \"replicas\", mapping = { replicas = 4 }, device = { clip = \"range\" } "
    "}]\n\n"
    "A swept key given with --set keeps that value. A file has at most 100000 points.\n";

void add_nested(const SchemaBase& schema, const std::string& prefix, std::vector<Page>& pages) {
  for (const Parameter& p : schema.parameters()) {
    if (!p.nested) continue;
    const std::string name = prefix + p.key;
    pages.push_back({name, name, p.nested});
    add_nested(*p.nested, name + ".", pages);
  }
}

std::vector<Page> pages() {
  std::vector<Page> all;
  add_nested(Experiment::schema(), "", all);
  all.push_back({"budget", "budget", &BudgetSettings::schema()});
  add_nested(BudgetSettings::schema(), "budget.", all);
  for (const DeviceKind& kind : device_kinds()) all.push_back({kind.name, "device", kind.schema});
  return all;
}

std::string two_columns(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size());
  std::string text;
  for (const auto& [left, right] : lines) {
    const std::string block = wrapped(right, width + 4);
    text += "  " + left + block.substr(std::min(block.size(), left.size() + 2));
  }
  return text;
}

std::string overview() {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Parameter& p : Experiment::schema().parameters()) {
    const bool is_table = p.type == "table";
    lines.push_back({is_table ? "[" + p.key + "]" : p.key, p.nested ? p.nested->doc : p.doc});
  }
  lines.push_back({"[budget]", BudgetSettings::schema().doc});
  lines.push_back({"[sweep]", "Axes by dotted key; every combination is a point."});
  return Experiment::schema().doc + "\n\n" + two_columns(lines) +
         "\nDevice models, for device.model:\n\n" + device_list() +
         "\n`ohmic describe THING` explains a table, a device model or a parameter.\n";
}

std::string device_table() {
  return "[device]\n" + wrapped(Experiment::schema().find("device")->doc, 0) +
         "\n  [device]\n  model = \"awgn\"\n  eta = 0.1\n"
         "  [device.layers.conv1]       # keys of one layer; its name may be in quotes\n"
         "  eta = 0.05\n"
         "  [device.layers.\"block*\"]    # of all layers of such names (*: any characters, ?: "
         "one)\n"
         "  eta = 0.2\n" +
         "\nOne of, as model = \"...\":\n\n" + device_list() +
         "\n`ohmic describe MODEL` gives a model's parameters.\n";
}

std::string preset_pages() {
  return "preset = \"...\"\n" + wrapped(Experiment::schema().find("preset")->doc, 0) +
         "\nOne of:\n\n" + preset_list() + "\n`ohmic describe preset NAME` gives its values.\n";
}

/// Every parameter of that dotted key, or of that bare key in any table.
std::string parameter_pages(const std::string& thing) {
  std::string text;
  const Page root{"", "experiment", &Experiment::schema()};
  const auto add = [&](const Page& page) {
    for (const Parameter& p : page.schema->parameters()) {
      const bool is_named =
          thing == p.key || (!page.table.empty() && thing == page.table + "." + p.key);
      if (is_named && !p.nested && p.type != "table")
        text += (text.empty() ? "" : "\n") + describe_parameter(*page.schema, page.table, p);
    }
  };
  add(root);
  for (const Page& page : pages()) add(page);
  return text;
}

/// Pages of every table that is called so, in whatever table it lies: "dac" is "periphery.dac".
std::string table_pages(const std::string& word) {
  std::string text;
  for (const Page& page : pages()) {
    if (page.table.substr(page.table.rfind('.') + 1) != word || page.word != page.table) continue;
    text += (text.empty() ? "" : "\n") + describe_text(*page.schema, page.table);
  }
  return text;
}

[[noreturn]] void refuse(const std::string& thing, const std::vector<std::string>& words) {
  const std::string near = did_you_mean(thing, words);
  throw ConfigError("nothing is called \"" + thing + "\"" +
                    (near.empty() ? "; `ohmic describe` lists what there is"
                                  : "; did you mean \"" + near + "\"?"));
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

std::string preset_page(const std::string& name) {
  for (const Preset& preset : presets())
    if (name == preset.name) return preset.text;
  refuse(name, preset_names());
}

std::vector<std::string> all_words() {
  std::vector<std::string> words = preset_names();
  words.insert(words.end(), {"device", "sweep", "preset"});
  for (const Page& page : pages()) {
    words.push_back(page.word);
    words.push_back(page.table.substr(page.table.rfind('.') + 1));
    for (const Parameter& p : page.schema->parameters()) words.push_back(p.key);
  }
  return words;
}

/// "an integer in [1, 16]; default 8".
std::string values_text(const Parameter& p, const Value& defaults) {
  const Value* value = defaults.table().find(p.key);
  const std::string usual = p.usual_interval(), unit = p.unit == "1" ? "" : p.unit;
  return p.accepted() + (unit.empty() ? "" : ", in " + unit) +
         (usual.empty() ? "" : ", usually " + usual) +
         (p.required                    ? "; required"
          : value && !value->is_table() ? "; default " + value->text()
                                        : "");
}

/// Appends the wanted keys of a table and of those in it; `of` is a device model.
void add_keys(const SchemaBase& schema, const std::string& table, const std::string& of,
              const std::string& wanted, std::string& text) {
  for (const Parameter& p : schema.parameters()) {
    const std::string key = table.empty() ? p.key : table + "." + p.key;
    if (key == wanted || key.starts_with(wanted + ".")) {
      const Value defaults = schema.write(schema.make_default().get());
      text += key + of + ": " + values_text(p, defaults) + "\n" +
              wrapped(p.nested ? p.nested->doc : p.doc, 4) +
              (p.source.empty() ? "" : wrapped("Source: " + p.source, 4));
    }
    if (p.nested) add_keys(*p.nested, key, of, wanted, text);
  }
}

}  // namespace

std::string keys_text(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) {
    const std::size_t before = text.size();
    if (key != "device") add_keys(Experiment::schema(), "", "", key, text);
    add_keys(BudgetSettings::schema(), "budget", "", key, text);
    for (const DeviceKind& kind : device_kinds())
      add_keys(*kind.schema, "device", " of " + kind.name, key, text);
    if (text.size() == before) refuse(key, all_words());
  }
  return text;
}

std::string device_list() {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const DeviceKind& kind : device_kinds()) lines.push_back({kind.name, kind.schema->doc});
  return two_columns(lines);
}

std::string preset_list() {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Preset& preset : presets()) lines.push_back({preset.name, preset.title});
  return two_columns(lines);
}

const std::string kTrainedChip = "train.hardware.";

std::string manual_page(const std::string& thing) {
  if (thing.empty()) return overview();
  if (thing == "preset") return preset_pages();
  if (thing.starts_with("preset ")) return preset_page(thing.substr(thing.find(' ') + 1));
  for (const std::string& name : preset_names())
    if (thing == name) return preset_page(name);
  if (thing == "device" || thing == "layers" || thing == "device.layers") return device_table();
  if (thing == "sweep") return kSweep;
  for (const char* table : {"device", "mapping", "periphery"})  // "As [device]", says its page
    if (const std::string within = kTrainedChip + table;
        thing == within || thing.starts_with(within + "."))
      return manual_page(thing.substr(kTrainedChip.size()));
  for (const Page& page : pages())
    if (thing == page.word) return describe_text(*page.schema, page.table);
  const std::string tables = table_pages(thing), parameters = parameter_pages(thing);
  if (tables.empty() && parameters.empty()) refuse(thing, all_words());
  return tables + (tables.empty() || parameters.empty() ? "" : "\n") + parameters;
}

std::string parameters_markdown() {
  std::string text =
      "# Parameters\n\n"
      "Every key of an experiment file. Made by `ohmic describe --markdown > "
      "docs/parameters.md`.\n";
  const SchemaBase& root = Experiment::schema();
  for (const Parameter& p : root.parameters())
    if (!p.nested && p.type != "table")
      text += fmt::format("\n- `{}` ({}): {}", p.key, p.type, p.doc);
  text += "\n\n## Tables\n";
  for (const Parameter& p : root.parameters())
    if (p.nested) text += "\n" + describe_markdown(*p.nested, p.key);
  text += "\n" + describe_markdown(BudgetSettings::schema(), "budget");
  text += "\n### `[sweep]`\n```toml\n" + std::string(kSweep) + "```\n\n## Device models\n";
  for (const DeviceKind& kind : device_kinds())
    text += "\n" + describe_markdown(*kind.schema, "device");
  return text;
}

}  // namespace ohmic
