#include "experiments/report/report_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

Markup html_cell(const TableCell& cell, bool is_label) {
  Markup content = cell.text;
  if (!cell.half_width.empty())
    content += element("span", {{"class", "pm"}}, " ± " + cell.half_width);
  if (is_label) return element("th", {{"scope", "row"}}, content);
  return element("td", content);
}

Markup html_line(const ReportTable::Line& line, std::size_t labels) {
  Markup cells;
  for (std::size_t i = 0; i < line.cells.size(); ++i) cells += html_cell(line.cells[i], i < labels);
  return element("tr", line.kind.empty() ? Attributes{} : Attributes{{"class", line.kind}}, cells);
}

std::string plain(const TableCell& cell) {
  return cell.half_width.empty() ? cell.text : cell.text + " ± " + cell.half_width;
}

bool has_intervals(const ReportTable& table, std::size_t column) {
  return std::any_of(table.lines.begin(), table.lines.end(), [&](const ReportTable::Line& line) {
    return column < line.cells.size() && !line.cells[column].half_width.empty();
  });
}

}  // namespace

TableCell::TableCell(const Estimate& e) : text(percent_text(e.mean)) {
  if (!std::isnan(e.mean) && !std::isnan(e.lo)) half_width = percent_text(e.half_width());
}

TableCell::TableCell(const MetricWords& words, const Estimate& e)
    : text(words.text(e.mean)), half_width(std::isnan(e.mean) ? "" : words.half_width_text(e)) {}

void ReportTable::drop_empty_columns() {
  for (std::size_t column = header.size(); column-- > labels;) {
    const auto says = [&](const Line& line) {
      return column < line.cells.size() && !line.cells[column].text.empty();
    };
    if (std::any_of(lines.begin(), lines.end(), says)) continue;
    header.erase(header.begin() + static_cast<std::ptrdiff_t>(column));
    for (Line& line : lines)
      if (column < line.cells.size())
        line.cells.erase(line.cells.begin() + static_cast<std::ptrdiff_t>(column));
  }
}

Markup ReportTable::html() const {
  Markup titles, body;
  for (std::size_t i = 0; i < header.size(); ++i)
    titles +=
        element("th", {{"scope", "col"}, {"class", i < labels ? "label" : "number"}}, header[i]);
  for (const Line& line : lines) body += html_line(line, labels);
  Markup content;
  if (!caption.empty()) content += element("caption", caption);
  content += element("thead", element("tr", titles));
  content += element("tbody", body);
  return element("div", {{"class", "scroll"}, {"tabindex", "0"}}, element("table", content));
}

std::string ReportTable::markdown() const {
  std::vector<Row> rows{header};
  for (const Line& line : lines) {
    rows.emplace_back();
    for (const TableCell& cell : line.cells) rows.back().push_back(plain(cell));
  }
  return (caption.empty() ? "" : markdown_line(caption) + "\n\n") + markdown_text(rows);
}

std::string ReportTable::csv() const {
  std::vector<Row> rows(lines.size() + 1);
  for (std::size_t column = 0; column < header.size(); ++column) {
    const bool intervals = has_intervals(*this, column);
    rows[0].push_back(header[column]);
    if (intervals)
      rows[0].push_back(header[column] + (level.empty() ? "" : " " + level) + " half-width");
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const TableCell cell = column < lines[i].cells.size() ? lines[i].cells[column] : TableCell{};
      rows[i + 1].push_back(cell.text);
      if (intervals) rows[i + 1].push_back(cell.half_width);
    }
  }
  return csv_text(rows);
}

}  // namespace ohmic
