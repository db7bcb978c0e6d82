#include "experiments/manual/manual.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "experiments/budget/dotted_leaves.hpp"
#include "experiments/budget/settings.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/presets.hpp"
#include "experiments/study/words.hpp"
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
         "\nDevice models, for device.model:\n\n" + list_text(device_list()) +
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
         "\nOne of, as model = \"...\":\n\n" + list_text(device_list()) +
         "\n`ohmic describe MODEL` gives a model's parameters.\n";
}

std::string preset_pages() {
  return "preset = \"...\"\n" + wrapped(Experiment::schema().find("preset")->doc, 0) +
         "\nOne of:\n\n" + list_text(preset_list()) +
         "\n`ohmic describe preset NAME` gives its values.\n";
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

/// A parameter as a file writes it.
struct Key {
  std::string key;    ///< dotted
  std::string model;  ///< the device model that it is of; else empty
  const Parameter& parameter;
  Value usual;  ///< its default; nothing where there is none

  /// It, or one of its table.
  bool is_of(const std::string& table) const {
    return key == table || key.starts_with(table + ".");
  }
  std::string unit() const { return parameter.unit == "1" ? "" : parameter.unit; }
  const std::string& doc() const {
    return parameter.nested ? parameter.nested->doc : parameter.doc;
  }
};

/// visit(Key) for the parameters of a table and of those in it.
template <class Visit>
void visit_keys(const SchemaBase& schema, const std::string& table, const std::string& model,
                const Visit& visit) {
  const Value defaults = schema.write(schema.make_default().get());
  for (const Parameter& p : schema.parameters()) {
    const std::string key = table.empty() ? p.key : table + "." + p.key;
    const Value* usual = defaults.table().find(p.key);
    visit(Key{key, model, p, usual && !usual->is_table() ? *usual : Value()});
    if (p.nested) visit_keys(*p.nested, key, model, visit);
  }
}

template <class Visit>
void visit_all_keys(const Visit& visit) {
  visit_keys(Experiment::schema(), "", "", visit);
  visit_keys(BudgetSettings::schema(), "budget", "", visit);
  for (const DeviceKind& kind : device_kinds())
    visit_keys(*kind.schema, "device", kind.name, visit);
}

/// "an integer in [1, 16]; default 8".
std::string values_text(const Key& k) {
  const Parameter& p = k.parameter;
  const std::string usual = p.usual_interval(), unit = k.unit();
  return p.accepted() + (unit.empty() ? "" : ", in " + unit) +
         (usual.empty() ? "" : ", usually " + usual) +
         (p.required             ? "; required"
          : k.usual.data.index() ? "; default " + k.usual.text()
                                 : "");
}

std::string key_text(const Key& k) {
  const std::string& source = k.parameter.source;
  return k.key + (k.model.empty() ? "" : " of " + k.model) + ": " + values_text(k) + "\n" +
         wrapped(k.doc(), 4) + (source.empty() ? "" : wrapped("Source: " + source, 4));
}

Cell text_or_nothing(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

Fields fields_of(const Key& k) {
  const Parameter& p = k.parameter;
  return {{{"key"}, k.key},
          {{"model"}, text_or_nothing(k.model)},
          {{"type"}, p.type},
          {{"accepts"}, p.accepted()},
          {{"usually"}, text_or_nothing(p.usual_interval())},
          {{"unit"}, text_or_nothing(k.unit())},
          {{"default"}, plain_cell(k.usual)},
          {{"required"}, p.required},
          {{"doc"}, k.doc()},
          {{"source"}, text_or_nothing(p.source)}};
}

DataTable preset_table(const std::string& name) {
  DataTable table{name, "", {{"key"}, {"value"}}};
  for_each_leaf(parse_toml(preset_page(name), name).table(),
                [&](const std::string& key, const Value& value) {
                  table.add({key, plain_cell(value)});
                });
  return table;
}

/// Which keys manual_page(thing) is about.
std::function<bool(const Key&)> chosen_by(const std::string& thing) {
  if (thing.empty()) return [](const Key&) { return true; };
  if (find_device_kind(thing)) return [thing](const Key& k) { return k.model == thing; };
  const bool is_table =
      std::ranges::any_of(pages(), [&](const Page& page) { return page.word == thing; });
  if (is_table || thing == "device") return [thing](const Key& k) { return k.is_of(thing); };
  return [within = "." + thing + "."](const Key& k) {
    return ("." + k.key + ".").find(within) != std::string::npos;
  };
}

/// A list by name.
template <class Range, class Doc>
DataTable list_of(const Range& all, const Doc& doc) {
  DataTable table{"", "", {{"name"}, {"doc"}}};
  for (const auto& one : all) table.add({one.name, doc(one)});
  return table;
}

}  // namespace

std::string keys_text(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& wanted : keys) {
    const std::size_t before = text.size();
    visit_all_keys([&](const Key& k) {
      const bool is_table_of_models = k.key == "device" && k.model.empty();
      if (k.is_of(wanted) && !is_table_of_models) text += key_text(k);
    });
    if (text.size() == before) refuse(wanted, all_words());
  }
  return text;
}

DataTable device_list() {
  return list_of(device_kinds(), [](const DeviceKind& kind) { return kind.schema->doc; });
}

DataTable preset_list() {
  return list_of(presets(), [](const Preset& preset) { return preset.title; });
}

std::string list_text(const DataTable& list) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::string names;
  for (const auto& line : list.lines) {
    const auto text = [&](std::size_t c) { return list.columns[c].text(line.cells[c]); };
    names += text(0) + "\n";
    if (list.columns.size() > 1) lines.push_back({text(0), text(1)});
  }
  return lines.empty() ? names : two_columns(lines);
}

const std::string kTrainedChip = "train.hardware.";

std::string manual_page(const std::string& thing) {
  if (thing.empty()) return overview();
  if (thing == "preset") return preset_pages();
  if (thing.starts_with("preset ")) return preset_page(thing.substr(thing.find(' ') + 1));
  for (const std::string& name : preset_names())
    if (thing == name) return preset_page(name);
  if (thing == "device" || thing == "device.layers") return device_table();
  if (thing == "layers") return device_table() + "\n" + parameter_pages(thing);
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

DataTable manual_table(const std::string& thing) {
  if (thing == "preset") return preset_list();
  if (thing.starts_with("preset ")) return preset_table(thing.substr(thing.find(' ') + 1));
  for (const std::string& name : preset_names())
    if (thing == name) return preset_table(name);
  DataTable table;
  const auto is_chosen =
      chosen_by(thing == "layers" || thing == "device.layers" ? "device" : thing);
  visit_all_keys([&](const Key& k) {
    if (is_chosen(k)) table.add(fields_of(k));
  });
  if (thing == "sweep") table.add(Fields{{{"key"}, thing}, {{"doc"}, kSweep}});
  if (table.lines.empty()) refuse(thing, all_words());
  return table;
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
