#include "experiments/text/text_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

std::string markdown_row(const Row& row, std::size_t columns) {
  std::string line = "|";
  for (std::size_t i = 0; i < columns; ++i)
    line += " " + (i < row.size() ? markdown_line(row[i]) : "") + " |";
  return line + "\n";
}

}  // namespace

std::string csv_line(const Row& row) {
  Row cells;
  for (const std::string& text : row) cells.push_back(csv_cell(text));
  return fmt::format("{}\n", fmt::join(cells, ","));
}

Row csv_cells(const std::string& line) {
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

std::string csv_text(const std::vector<Row>& rows) {
  std::string text;
  for (Row row : rows) {
    row.resize(rows.front().size());
    text += csv_line(row);
  }
  return text;
}

std::string markdown_text(const std::vector<Row>& rows) {
  std::string text;
  const std::size_t columns = rows.empty() ? 0 : rows.front().size();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    text += markdown_row(rows[r], columns);
    if (r == 0) text += markdown_row(Row(columns, "---"), columns);
  }
  return text;
}

std::string aligned_text(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], length_of(one_line(row[i])));
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = one_line(row[i]);
      text += std::string(widths[i] - length_of(cell) + (i > 0 ? 2 : 0), ' ') + cell;
    }
    text += "\n";
  }
  return text;
}

std::string without_signed_zero(std::string number) {
  if (number.starts_with('-') && number.find_first_not_of("-0.") == std::string::npos)
    number.erase(0, 1);
  return number;
}

std::string number_text(double value) {
  return std::isnan(value) ? "" : without_signed_zero(fmt::format("{}", value));
}

std::string percent_text(double fraction) {
  return std::isnan(fraction) ? "" : without_signed_zero(fmt::format("{:.2f}", 100 * fraction));
}

std::string percent_text(const Estimate& e) {
  if (std::isnan(e.mean)) return "";
  if (std::isnan(e.lo)) return percent_text(e.mean);
  return percent_text(e.mean) + fmt::format(" ± {:.2f}", 100 * e.half_width());
}

}  // namespace ohmic
