#include "experiments/report/budget/result_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/results/shown_value.hpp"
#include "experiments/results/tables.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  return number_text(std::get<double>(cell));
}

Cell cell_of(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return *whole;
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  return plain_text(value);
}

}  // namespace

std::string ResultTable::csv() const {
  std::string text = csv_line(columns);
  for (const auto& cells : rows) {
    Row row;
    for (const Cell& cell : cells) row.push_back(text_of(cell));
    text += csv_line(row);
  }
  return text;
}

std::string ResultTable::jsonl() const {
  std::string text;
  for (const auto& cells : rows) {
    auto line = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < cells.size(); ++i)
      std::visit([&](const auto& value) { line[columns[i]] = value; }, cells[i]);
    text += line.dump() + "\n";
  }
  return text;
}

std::vector<std::string> axis_columns(const Point& point) {
  std::vector<std::string> columns;
  for (const auto& axis : point.axes) columns.push_back(axis.first);
  return columns;
}

std::vector<Cell> axis_cells(const Point& point) {
  std::vector<Cell> cells;
  for (const auto& axis : point.axes) cells.push_back(cell_of(axis.second));
  return cells;
}

Row axis_headings(const Point& point) {
  Row row;
  for (const auto& axis : point.axes) row.push_back(key_title(axis.first, &point.experiment));
  return row;
}

Row axis_texts(const Point& point) {
  Row row;
  for (const auto& [key, value] : point.axes)
    row.push_back(shown_value(value_words(key, plain_text(value))));
  return row;
}

std::string point_title(const Point& point) {
  const std::string words = axes_words(text_axes(point));
  return words.empty() ? network_words(point.experiment) : words;
}

void TextTable::drop_empty_columns() {
  for (std::size_t c = rows.front().size(); c-- > 0;) {
    const auto at = static_cast<std::ptrdiff_t>(c);
    if (std::all_of(rows.begin() + 1, rows.end(), [&](const Row& row) { return row[c].empty(); }))
      for (Row& row : rows) row.erase(row.begin() + at);
  }
}

void explain_intervals(AnalysisResult& result, double confidence) {
  const auto has = [](const std::string& cell) { return cell.find("±") != std::string::npos; };
  const auto any = [&](const TextTable& table) {
    return std::ranges::any_of(table.rows,
                               [&](const Row& row) { return std::ranges::any_of(row, has); });
  };
  if (std::ranges::any_of(result.tables, any))
    result.notes.push_back(
        fmt::format("± is half of the {:g} % interval over draws, of each number by itself.",
                    100 * confidence));
}

std::string terminal_text(const AnalysisResult& result) {
  std::string text = one_line(result.heading) + "\n";
  for (const TextTable& table : result.tables)
    text += "\n" + (table.caption.empty() ? "" : one_line(table.caption) + "\n") +
            aligned_text(table.rows);
  if (!result.notes.empty()) text += "\n";
  for (const std::string& note : result.notes) text += one_line(note) + "\n";
  return text;
}

std::string markdown_text(const AnalysisResult& result) {
  std::string text = "## " + markdown_line(result.heading) + "\n";
  for (const TextTable& table : result.tables)
    text += "\n" + (table.caption.empty() ? "" : markdown_line(table.caption) + "\n\n") +
            markdown_text(table.rows);
  for (const std::string& note : result.notes) text += "\n" + markdown_line(note) + "\n";
  for (const Figure& figure : result.figures)
    text += fmt::format("\n![{0}](figures/{0}.svg)\n", figure.name);
  return text;
}

}  // namespace ohmic
