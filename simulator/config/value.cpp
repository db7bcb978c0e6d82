#include "simulator/config/value.hpp"

// Arrays and inline tables in each other: each level is a level of recursion here and there.
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "simulator/config/text_file.hpp"
#include "simulator/config/toml_words.hpp"

namespace ohmic {
namespace {

Position position(const toml::source_region& source, const std::string& file) {
  return {file, static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

Value from_toml(const toml::node& node, const std::string& file);

/// Names and paths end at a NUL wherever C reads them.
std::string without_nul(std::string_view text, const Position& where) {
  if (text.find('\0') != std::string_view::npos)
    throw ConfigError({{where, "", "a key or text holds the character NUL (\\u0000)"}});
  return std::string(text);
}

Table from_table(const toml::table& source, const std::string& file) {
  Table table;
  for (auto&& [key, node] : source) {
    const Position where = position(key.source(), file);
    table.entries().push_back({without_nul(key.str(), where), from_toml(node, file), where});
  }
  // toml++ sorts by key; the order of the file is the order of the keys' places.
  std::stable_sort(table.entries().begin(), table.entries().end(),
                   [](const Table::Entry& a, const Table::Entry& b) {
                     return std::pair(a.where.line, a.where.column) <
                            std::pair(b.where.line, b.where.column);
                   });
  return table;
}

Array from_array(const toml::array& source, const std::string& file) {
  Array array;
  for (const toml::node& node : source) array.push_back(from_toml(node, file));
  return array;
}

Value from_toml(const toml::node& node, const std::string& file) {
  const Position where = position(node.source(), file);
  switch (node.type()) {
    case toml::node_type::table:
      return {from_table(*node.as_table(), file), where};
    case toml::node_type::array:
      return {from_array(*node.as_array(), file), where};
    case toml::node_type::string:
      return {without_nul(node.as_string()->get(), where), where};
    case toml::node_type::integer:
      return {node.as_integer()->get(), where};
    case toml::node_type::floating_point:
      return {node.as_floating_point()->get(), where};
    case toml::node_type::boolean:
      return {node.as_boolean()->get(), where};
    default:
      throw ConfigError({{where, "", "dates and times are not used here"}});
  }
}

bool is_bare(std::string_view key) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  return !key.empty() && std::all_of(key.begin(), key.end(), plain);
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(c));
          out += escape;
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string key_text(std::string_view key) {
  return is_bare(key) ? std::string(key) : toml_string(key);
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string array_text(const Array& array) {
  std::string text;
  for (const Value& value : array) text += (text.empty() ? "" : ", ") + value.text();
  return "[" + text + "]";
}

std::string inline_table_text(const Table& table) {
  std::string text;
  for (const auto& entry : table.entries())
    text += (text.empty() ? "" : ", ") + key_text(entry.key) + " = " + entry.value.text();
  return text.empty() ? "{}" : "{ " + text + " }";
}

/// Whether a table needs a header of its own, or its sub-tables' headers imply it.
bool has_own_keys(const Table& table) {
  const auto& entries = table.entries();
  return entries.empty() || std::any_of(entries.begin(), entries.end(),
                                        [](const auto& e) { return !e.value.is_table(); });
}

void write_table(const Table& table, const std::string& prefix, std::string& out) {
  for (const auto& entry : table.entries())
    if (!entry.value.is_table() && entry.value.data.index() != 0)
      out += key_text(entry.key) + " = " + entry.value.text() + "\n";
  for (const auto& entry : table.entries()) {
    if (!entry.value.is_table()) continue;
    const std::string name = (prefix.empty() ? "" : prefix + ".") + key_text(entry.key);
    if (has_own_keys(entry.value.table())) out += (out.empty() ? "[" : "\n[") + name + "]\n";
    write_table(entry.value.table(), name, out);
  }
}

/// The end of the string that begins at `i`: behind its last quote, or the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t i) {
  const char quote = text[i];
  const std::string three(3, quote);
  const std::string end = text.substr(i, 3) == three ? three : std::string(1, quote);
  for (i += end.size(); i < text.size(); ++i) {
    if (text.substr(i, end.size()) == end) return i + end.size();
    if (quote == '"' && text[i] == '\\') ++i;
  }
  return text.size();
}

/// Where a key has more than kMostKeyParts parts, or npos: the parser and every table that it makes
/// take a level of recursion for each.
std::size_t place_of_deep_key(std::string_view text) {
  std::size_t parts = 1;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = end_of_string(text, i);
      continue;
    }
    if (c == '#') i = std::min(text.find('\n', i), text.size());
    if (c == '.') ++parts;
    const bool within_key = c == '.' || c == ' ' || c == '\t' || is_bare({&c, 1});
    if (!within_key) parts = 1;
    if (parts > kMostKeyParts) return i;
    ++i;
  }
  return std::string_view::npos;
}

const std::string kDeepKey = "a key has more than " + std::to_string(kMostKeyParts) + " parts";

void refuse_deep_keys(std::string_view text, const std::string& name) {
  const std::size_t place = place_of_deep_key(text);
  if (place == std::string_view::npos) return;
  const std::string_view before = text.substr(0, place);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = place - (before.rfind('\n') + 1) + 1;
  throw ConfigError({{{name, static_cast<int>(line), static_cast<int>(column)}, "", kDeepKey}});
}

/// Heads of a dotted key and what follows each, the longest head first.
std::vector<std::pair<std::string_view, std::string_view>> heads_of(std::string_view key) {
  std::vector<std::pair<std::string_view, std::string_view>> heads{{key, {}}};
  for (auto dot = key.rfind('.'); dot != key.npos && dot > 0; dot = key.rfind('.', dot - 1))
    heads.emplace_back(key.substr(0, dot), key.substr(dot + 1));
  return heads;
}

/// The element of an array that a dotted key begins with, and what follows its number; null where
/// there is none.
template <class AnyValue>
std::pair<AnyValue*, std::string_view> element_of(AnyValue& list, std::string_view key) {
  auto* elements = std::get_if<Array>(&list.data);
  const std::string_view head = key.substr(0, key.find('.'));
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), index);
  const bool is_number = error == std::errc{} && end == head.data() + head.size();
  if (!elements || !is_number || index >= elements->size()) return {nullptr, key};
  key.remove_prefix(std::min(head.size() + 1, key.size()));
  return {&(*elements)[index], key};
}

/// Of an array whose entry a key counts, and which has fewer.
void refuse_missing_entry(const Value& list, std::string_view key, const std::string& whole,
                          const Position& where) {
  const std::string_view head = key.substr(0, key.find('.'));
  if (!list.is_array() || head.empty() ||
      head.find_first_not_of("0123456789") != std::string_view::npos)
    return;
  throw ConfigError({{where, whole,
                      "names an entry that the list does not have; it has " +
                          std::to_string(list.array().size()) + ", counted from 0"}});
}

void place(Value& value, const Position& where) {
  value.where = where;
  if (value.is_array())
    for (Value& element : std::get<Array>(value.data)) place(element, where);
  if (value.is_table())
    for (auto& entry : value.table().entries()) {
      entry.where = where;
      place(entry.value, where);
    }
}

const Position kOverride{"--set", 0, 0};

[[noreturn]] void bad_override(std::string_view assignment, const std::string& why) {
  throw ConfigError({{kOverride, std::string(assignment), why}});
}

std::size_t first_equals_outside_quotes(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') inside = !inside;
    if (text[i] == '=' && !inside) return i;
  }
  return std::string_view::npos;
}

/// "": or how the key is written with quotes around what else needs them, as a name pattern does.
std::string quoted_key(std::string_view key) {
  if (key.find_first_of("\"'\\ \t") != key.npos) return "";
  std::string quoted;
  for (std::size_t at = 0; at <= key.size();) {
    const std::string part(key.substr(at, std::min(key.find('.', at), key.size()) - at));
    if (part.empty()) return "";
    quoted += (at > 0 ? "." : "") + key_text(part);
    at += part.size() + 1;
  }
  return quoted == key ? "" : quoted;
}

std::string expected_assignment(std::string_view assignment, std::size_t equals) {
  const std::string expected = "expected table.key=value, as in device.eta=0.1";
  if (equals == assignment.npos) return expected;
  const std::string quoted = quoted_key(assignment.substr(0, equals));
  if (quoted.empty()) return expected;
  return expected +
         "; names of other characters than letters, digits, _ and - stand in quotes: " + quoted +
         std::string(assignment.substr(equals));
}

/// The assignment as a TOML document of one key; a value that is no TOML is a string as it stands.
Value parse_override(std::string_view assignment) {
  const auto equals = first_equals_outside_quotes(assignment);
  if (equals == std::string_view::npos || equals == 0 ||
      assignment.find('\n') != std::string_view::npos)
    bad_override(assignment, expected_assignment(assignment, equals));
  if (place_of_deep_key(assignment) != std::string_view::npos)
    throw ConfigError({{kOverride, "", kDeepKey}});
  try {
    return parse_toml(assignment, kOverride.file);
  } catch (const ConfigError&) {
  }
  const std::string_view value = assignment.substr(equals + 1);
  if (value.empty() || std::string_view("[{\"'").find(value.front()) != std::string_view::npos)
    bad_override(assignment, "the value is neither TOML nor a bare word");
  try {
    return parse_toml(std::string(assignment.substr(0, equals + 1)) + toml_string(value),
                      kOverride.file);
  } catch (const ConfigError&) {
    bad_override(assignment, expected_assignment(assignment, equals));
  }
}

using Path = std::vector<const Table::Entry*>;  ///< to a value, and its own

/// How many of a path's next keys are one name of the table, as many as can be; 0: there is none.
std::size_t longest_name(const Table& table, Path::const_iterator at, Path::const_iterator end) {
  std::size_t longest = 0;
  std::string name;
  for (auto key = at; key != end; ++key) {
    name += (key == at ? "" : ".") + (*key)->key;
    if (table.find(name)) longest = static_cast<std::size_t>(key - at) + 1;
  }
  return longest;
}

/// Sets the value at the end of a path under the longest names that are there.
void set_leaf(Table& root, const Path& path) {
  Table* table = &root;
  for (auto at = path.begin();;) {
    const std::size_t keys = longest_name(*table, at, path.end());
    if (keys == 0) table->entries().push_back({(*at)->key, {}, (*at)->where});
    std::string name = (*at)->key;
    for (std::size_t i = 1; i < keys; ++i) name += "." + at[static_cast<std::ptrdiff_t>(i)]->key;
    Value* value = table->find(name);
    at += static_cast<std::ptrdiff_t>(std::max(keys, std::size_t{1}));
    for (; at != path.end(); ++at) {
      const auto [element, rest] = element_of(*value, (*at)->key);
      if (!element || !rest.empty()) break;
      value = element;
    }
    if (at == path.end()) {
      const Value& leaf = path.back()->value;
      if (!(leaf.is_table() && value->is_table())) *value = leaf;
      return;
    }
    std::string whole;
    for (const Table::Entry* entry : path) whole += (whole.empty() ? "" : ".") + entry->key;
    refuse_missing_entry(*value, (*at)->key, whole, (*at)->where);
    if (!value->is_table()) *value = {Table{}, (*std::prev(at))->where};
    table = &value->table();
  }
}

/// Value by value; of tables that are empty, that they are there.
void merge(Table& into, const Table& from, Path& path) {
  for (const Table::Entry& entry : from.entries()) {
    path.push_back(&entry);
    if (entry.value.is_table() && !entry.value.table().empty())
      merge(into, entry.value.table(), path);
    else
      set_leaf(into, path);
    path.pop_back();
  }
}

}  // namespace

Table::Table() = default;
Table::Table(const Table&) = default;
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(const Table&) = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

const Value* Table::find(std::string_view key) const {
  for (const Entry& entry : entries_)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

Value* Table::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& Table::operator[](std::string_view key) {
  if (Value* present = find(key)) return *present;
  return entries_.emplace_back(Entry{std::string(key), {}, {}}).value;
}

bool Table::erase(std::string_view key) {
  return std::erase_if(entries_, [key](const Entry& entry) { return entry.key == key; }) > 0;
}

bool Table::empty() const { return entries_.empty(); }
std::size_t Table::size() const { return entries_.size(); }

const Value* Value::at(std::string_view dotted_key) const {
  if (dotted_key.empty()) return this;
  if (const auto [element, rest] = element_of(*this, dotted_key); element) return element->at(rest);
  if (!is_table()) return nullptr;
  for (const auto& [head, rest] : heads_of(dotted_key))
    if (const Value* found = table().find(head))
      if (const Value* value = found->at(rest)) return value;
  return nullptr;
}

void Value::set(std::string_view dotted_key, Value value, const Position& key_where) {
  const std::string whole(dotted_key);
  Value* target = this;
  while (!dotted_key.empty()) {
    if (const auto [element, rest] = element_of(*target, dotted_key); element) {
      target = element;
      dotted_key = rest;
      continue;
    }
    refuse_missing_entry(*target, dotted_key, whole, key_where);
    if (!target->is_table()) *target = {Table{}, key_where};
    Table& table = target->table();
    const auto heads = heads_of(dotted_key);
    const auto there =
        std::ranges::find_if(heads, [&](const auto& h) { return table.find(h.first); });
    const auto& [head, rest] = there == heads.end() ? heads.back() : *there;
    target = table.find(head);
    if (!target)
      target = &table.entries().emplace_back(Table::Entry{std::string(head), {}, key_where}).value;
    dotted_key = rest;
  }
  *target = std::move(value);
}

std::string Value::kind() const {
  static const char* const kinds[] = {"nothing",  "a boolean", "an integer", "a real number",
                                      "a string", "an array",  "a table"};
  return kinds[data.index()];
}

std::string Value::text() const {
  if (const auto* value = std::get_if<bool>(&data)) return *value ? "true" : "false";
  if (const auto* value = std::get_if<std::int64_t>(&data)) return std::to_string(*value);
  if (const auto* value = std::get_if<double>(&data)) return real_text(*value);
  if (const auto* value = std::get_if<std::string>(&data)) return toml_string(*value);
  if (const auto* value = std::get_if<Array>(&data)) return array_text(*value);
  if (const auto* value = std::get_if<Table>(&data)) return inline_table_text(*value);
  return "";
}

Value read_toml(const std::filesystem::path& file) {
  return parse_toml(read_text_file(file, kMostTomlBytes), file.string());
}

std::size_t key_parts(std::string_view dotted_key) {
  return 1 + static_cast<std::size_t>(std::count(dotted_key.begin(), dotted_key.end(), '.'));
}

Value parse_toml(std::string_view text, const std::string& name) {
  refuse_deep_keys(text, name);
  try {
    const toml::table table = toml::parse(text, name);
    return {from_table(table, name), {name, 1, 1}};
  } catch (const toml::parse_error& error) {
    throw ConfigError({{position(error.source(), name), "", syntax_words(error.description())}});
  }
}

void apply_override(Value& root, std::string_view assignment) {
  Value parsed = parse_override(assignment);
  place(parsed, kOverride);
  Path path;
  merge(root.table(), parsed.table(), path);
}

std::string to_toml(const Value& root) {
  std::string out;
  write_table(root.table(), "", out);
  return out;
}

}  // namespace ohmic
