#include "experiments/text/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/text/quoting.hpp"
#include "experiments/text/table_json.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Row = std::vector<std::string>;
using Json = nlohmann::ordered_json;

std::string without_signed_zero(std::string number) {
  if (number.starts_with('-') && number.find_first_not_of("-0.") == std::string::npos)
    number.erase(0, 1);
  return number;
}

/// Titles, and the cells below them.
std::vector<Row> shown_rows(const DataTable& table) {
  std::vector<Row> rows(1 + table.lines.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    if (!column.title) continue;
    rows[0].push_back(*column.title);
    for (std::size_t i = 0; i < table.lines.size(); ++i)
      rows[i + 1].push_back(column.whole_text(table.lines[i].cells[c]));
  }
  return rows;
}

std::string markdown_row(const Row& row) {
  std::string line = "|";
  for (const std::string& cell : row) line += " " + markdown_line(cell) + " |";
  return line + "\n";
}

std::string csv_line(const Row& row) {
  Row cells;
  for (const std::string& text : row) cells.push_back(csv_cell(text));
  return fmt::format("{}\n", fmt::join(cells, ","));
}

std::string full_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell.value)) return *text;
  if (const auto* truth = std::get_if<bool>(&cell.value)) return *truth ? "true" : "false";
  if (const auto* count = std::get_if<std::int64_t>(&cell.value)) return fmt::to_string(*count);
  const auto* number = std::get_if<double>(&cell.value);
  return number ? number_text(*number) : "";
}

/// take(name, cell) for what stands in files under a column's key.
template <class Take>
void for_each_in_files(const Column& column, const Cell& cell, const Take& take) {
  if (!column.key) return;
  const auto* estimate = std::get_if<Estimate>(&cell.value);
  take(*column.key, estimate ? Cell(estimate->mean) : cell);
  if (!column.has_interval) return;
  take(*column.key + "_lo", estimate ? Cell(estimate->lo) : Cell());
  take(*column.key + "_hi", estimate ? Cell(estimate->hi) : Cell());
}

void put(const Column& column, const Cell& cell, Json& line) {
  for_each_in_files(column, cell, [&](const std::string& key, const Cell& part) {
    std::visit(
        [&]<class T>(const T& value) {
          if constexpr (std::is_same_v<T, std::monostate> || std::is_same_v<T, Estimate>)
            line[key] = nullptr;
          else
            line[key] = value;
        },
        part.value);
  });
}

}  // namespace

std::string number_text(double value) { return Digits{}.text(value); }

std::string Digits::text(double value) const {
  if (std::isnan(value)) return "";
  if (!std::isfinite(value)) return fmt::format("{}", value);
  value *= factor;
  if (form == Form::difference) return fmt::format("{:+.{}f}", value, count);
  return without_signed_zero(form == Form::shortest  ? fmt::format("{}", value)
                             : form == Form::general ? fmt::format("{:.{}g}", value, count)
                                                     : fmt::format("{:.{}f}", value, count));
}

std::string Digits::half_width_text(const Estimate& e) const {
  if (std::isnan(e.mean) || !std::isfinite(e.lo) || !std::isfinite(e.hi)) return "";
  return Digits{form == Form::difference ? Form::fixed : form, form == Form::general ? 2 : count,
                factor}
      .text(e.half_width());
}

std::string Digits::text(const Estimate& e) const {
  const std::string half = half_width_text(e);
  return text(e.mean) + (half.empty() ? "" : " ± " + half);
}

std::string Column::text(const Cell& cell) const {
  if (cell.shown) return *cell.shown;
  if (const auto* number = std::get_if<double>(&cell.value)) return digits.text(*number);
  if (const auto* estimate = std::get_if<Estimate>(&cell.value)) return digits.text(estimate->mean);
  return full_text(cell);
}

std::string Column::half_width(const Cell& cell) const {
  const auto* estimate = std::get_if<Estimate>(&cell.value);
  return estimate && !cell.shown ? digits.half_width_text(*estimate) : "";
}

std::string Column::whole_text(const Cell& cell) const {
  const std::string half = half_width(cell);
  return text(cell) + (half.empty() ? "" : " ± " + half);
}

Column titled(std::string title, Digits digits) { return {{}, std::move(title), digits}; }

Column with_interval(std::string key, std::optional<std::string> title, Digits digits) {
  return {std::move(key), std::move(title), digits, true};
}

void DataTable::append(const std::vector<Column>& more) {
  columns.insert(columns.end(), more.begin(), more.end());
}

void DataTable::add(std::vector<Cell> first, const std::vector<Cell>& more, std::string kind) {
  first.insert(first.end(), more.begin(), more.end());
  OHMIC_ASSERT(first.size() <= columns.size());
  first.resize(columns.size());
  lines.push_back({std::move(first), std::move(kind)});
}

void DataTable::add(const Fields& fields) {
  const bool is_first = columns.empty();
  std::vector<Cell> cells;
  for (const auto& [column, cell] : fields) {
    if (is_first) columns.push_back(column);
    cells.push_back(cell);
  }
  add(std::move(cells));
}

void DataTable::drop_empty_columns() {
  std::size_t place = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].title || place++ < labels) continue;
    if (std::ranges::all_of(
            lines, [&](const Line& line) { return columns[c].whole_text(line.cells[c]).empty(); }))
      columns[c].title.reset();
  }
}

bool DataTable::shows_intervals() const {
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns[c].title && std::ranges::any_of(lines, [&](const Line& line) {
          return !columns[c].half_width(line.cells[c]).empty();
        }))
      return true;
  return false;
}

DataTable as_shown(const DataTable& table, const std::string& level) {
  DataTable texts{table.name, "", {}, std::vector<DataTable::Line>(table.lines.size())};
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    if (!column.title) continue;
    const bool has_intervals = std::ranges::any_of(table.lines, [&](const DataTable::Line& line) {
      return !column.half_width(line.cells[c]).empty();
    });
    texts.append({{column.title}});
    if (has_intervals)
      texts.append({{*column.title + (level.empty() ? "" : " " + level) + " half-width"}});
    for (std::size_t i = 0; i < table.lines.size(); ++i) {
      const Cell& cell = table.lines[i].cells[c];
      texts.lines[i].cells.emplace_back(column.text(cell));
      if (has_intervals) texts.lines[i].cells.emplace_back(column.half_width(cell));
    }
  }
  return texts;
}

std::string terminal_text(const DataTable& table) {
  std::vector<Row> rows = shown_rows(table);
  std::vector<std::size_t> widths(rows.front().size());
  for (Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = one_line(row[i]);
      widths[i] = std::max(widths[i], length_of(row[i]));
    }
  const auto shown = [](const Column& column) { return column.title.has_value(); };
  const auto last = std::find_if(table.columns.rbegin(), table.columns.rend(), shown);
  if (last != table.columns.rend() && last->is_left) widths.back() = 0;
  std::string text = table.caption.empty() ? "" : one_line(table.caption) + "\n";
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t length = length_of(row[i]);
      text += std::string(std::max(widths[i], length) - length + (i > 0 ? 2 : 0), ' ') + row[i];
    }
    text += "\n";
  }
  return text;
}

std::string markdown_text(const DataTable& table) {
  std::vector<Row> rows = shown_rows(table);
  rows.insert(rows.begin() + 1, Row(rows.front().size(), "---"));
  std::string text = table.caption.empty() ? "" : markdown_line(table.caption) + "\n\n";
  for (const Row& row : rows) text += markdown_row(row);
  return text;
}

std::string csv_text(const DataTable& table) {
  Row keys;
  for (const Column& column : table.columns)
    for_each_in_files(column, {},
                      [&](const std::string& key, const Cell&) { keys.push_back(key); });
  if (keys.empty()) return "";
  std::string text = csv_line(keys);
  for (const DataTable::Line& line : table.lines) {
    if (!line.kind.empty()) continue;
    Row row;
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      for_each_in_files(table.columns[c], line.cells[c], [&](const std::string&, const Cell& cell) {
        row.push_back(full_text(cell));
      });
    text += csv_line(row);
  }
  return text;
}

std::string jsonl_text(const DataTable& table) {
  std::string text;
  for (const DataTable::Line& line : table.lines) {
    if (!line.kind.empty()) continue;
    Json json = Json::object();
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      put(table.columns[c], line.cells[c], json);
    text += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

nlohmann::ordered_json json_of(const Fields& fields) {
  Json json = Json::object();
  for (const auto& [column, cell] : fields) put(column, cell, json);
  return json;
}

std::vector<std::string> csv_cells(const std::string& line) {
  Row cells(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && is_quoted && i + 1 < line.size() && line[i + 1] == '"')
      cells.back() += line[i++];
    else if (line[i] == '"')
      is_quoted = !is_quoted;
    else if (line[i] == ',' && !is_quoted)
      cells.emplace_back();
    else
      cells.back() += line[i];
  }
  return cells;
}

}  // namespace ohmic
