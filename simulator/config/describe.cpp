#include "simulator/config/describe.hpp"

#include <algorithm>
#include <sstream>

namespace ohmic {
namespace {

constexpr std::size_t kWidth = 100;

/// " One of "a", "b"." or nothing.
std::string choices_text(const Parameter& p, const char* quote) {
  if (p.choices.empty()) return "";
  std::string text;
  for (const std::string& c : p.choices) text += (text.empty() ? "" : ", ") + (quote + c) + quote;
  return (p.type.starts_with("list") ? "Any of " : "One of ") + text + ".";
}

/// Types that say more than a word have a line of their own in text.
bool is_long(const std::string& type) { return type.size() > 36; }

/// One parameter as a row of text cells: key, type, unit, range, default.
using Row = std::vector<std::string>;

Row row_of(const Parameter& p, const Value& defaults) {
  const Value* value = defaults.table().find(p.key);
  const bool is_table = value && value->is_table();
  const std::string preset = p.required ? "required" : !value ? "" : is_table ? "" : value->text();
  const std::string type = p.absent.empty() ? p.type : p.type + " or \"" + p.absent + "\"";
  return {p.key, type, p.unit, p.interval(), preset};
}

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  return widths;
}

std::string aligned(const Row& row, const std::vector<std::size_t>& widths) {
  std::string line = " ";
  for (std::size_t i = 0; i < row.size(); ++i)
    line += " " + row[i] + std::string(widths[i] - row[i].size() + 1, ' ');
  line.resize(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// "[periphery.adc]", "[device] awgn".
std::string heading(const SchemaBase& schema, const std::string& name) {
  const std::string last = name.substr(name.rfind('.') + 1);
  return "[" + name + "]" + (schema.title == last ? "" : " " + schema.title);
}

Value defaults_of(const SchemaBase& schema) { return schema.write(schema.make_default().get()); }

/// What is read only where the file permits it, or nothing.
std::string usual_text(const Parameter& p) {
  const std::string usual = p.usual_interval();
  return usual.empty() ? "" : "Usually " + usual + " " + p.unit + "; else `allow` must name it.";
}

/// The given parameters under one line of column names.
std::string parameter_lines(const std::vector<const Parameter*>& parameters,
                            const std::string& name, const Value& defaults) {
  std::vector<Row> rows{{"key", "type", "unit", "range", "default"}};
  for (const Parameter* p : parameters) {
    rows.push_back(row_of(*p, defaults));
    if (is_long(p->type)) rows.back()[1] = "see below";
  }
  const auto widths = widths_of(rows);
  std::string lines = aligned(rows[0], widths);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& p = *parameters[i];
    lines += aligned(rows[i + 1], widths) + wrapped(p.doc, 6) + wrapped(choices_text(p, "\""), 6);
    if (is_long(p.type)) lines += wrapped("Takes " + p.type + ".", 6);
    if (p.nested) lines += wrapped("See [" + name + "." + p.key + "].", 6);
    lines += wrapped(usual_text(p), 6);
    if (!p.source.empty()) lines += wrapped("Source: " + p.source, 6);
  }
  return lines;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

/// Text as a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string meaning(const Parameter& p, const std::string& name) {
  std::string text = p.doc;
  if (!p.choices.empty()) text += (text.empty() ? "" : " ") + choices_text(p, "`");
  if (p.nested) text += " See `[" + name + "." + p.key + "]`.";
  if (const std::string usual = usual_text(p); !usual.empty()) text += " " + usual;
  if (!p.source.empty()) text += " Source: " + p.source;
  return cell(text);
}

std::string markdown_page(const SchemaBase& schema, const std::string& name) {
  const Value defaults = defaults_of(schema);
  std::string page = "### `" + heading(schema, name) + "`\n" + schema.doc + "\n";
  if (schema.parameters().empty()) return page;
  page += "\n| key | type | unit | range | default | meaning |\n|---|---|---|---|---|---|\n";
  for (const Parameter& p : schema.parameters()) {
    const Row row = row_of(p, defaults);
    page += "| `" + row[0] + "` | " + cell(row[1]) + " | " + row[2] + " | " + row[3] + " | " +
            code(row[4]) + " | " + meaning(p, name) + " |\n";
  }
  return schema.manual.empty() ? page : page + "\n```\n" + schema.manual + "```\n";
}

std::string text_page(const SchemaBase& schema, const std::string& name) {
  std::vector<const Parameter*> parameters;
  for (const Parameter& p : schema.parameters()) parameters.push_back(&p);
  return heading(schema, name) + "\n" + wrapped(schema.doc, 0) +
         (parameters.empty() ? "" : "\n" + parameter_lines(parameters, name, defaults_of(schema))) +
         (schema.manual.empty() ? "" : "\n" + schema.manual);
}

using PageOf = std::string (*)(const SchemaBase&, const std::string&);

/// The page of a table and those of its sub-tables.
std::string pages(const SchemaBase& schema, const std::string& name, PageOf page) {
  std::string text = page(schema, name);
  for (const Parameter& p : schema.parameters())
    if (p.nested) text += "\n" + pages(*p.nested, name + "." + p.key, page);
  return text;
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t indent) {
  std::istringstream words(text);
  std::string out, line, word;
  while (words >> word) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) {
      out += std::string(indent, ' ') + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? out : out + std::string(indent, ' ') + line + "\n";
}

std::string describe_text(const SchemaBase& schema, const std::string& name) {
  return pages(schema, name, text_page);
}

std::string describe_markdown(const SchemaBase& schema, const std::string& name) {
  return pages(schema, name, markdown_page);
}

std::string describe_parameter(const SchemaBase& schema, const std::string& name,
                               const Parameter& parameter) {
  return heading(schema, name) + "\n" + parameter_lines({&parameter}, name, defaults_of(schema));
}

}  // namespace ohmic
