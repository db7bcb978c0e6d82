#include "devices/csv.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(trimmed(cell));
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

}  // namespace

int CsvTable::find(const std::string& column) const {
  const auto at = std::find(header.begin(), header.end(), column);
  return at == header.end() ? -1 : static_cast<int>(at - header.begin());
}

void CsvTable::fail(std::size_t row, const std::string& what) const {
  throw DataError(file + ":" + std::to_string(lines[row]) + ": " + what);
}

double CsvTable::number(std::size_t row, int column) const {
  const std::string& text = rows[row][static_cast<std::size_t>(column)];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    fail(row,
         header[static_cast<std::size_t>(column)] + ": expected a number, got \"" + text + "\"");
  return value;
}

CsvTable read_csv(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw DataError(file.string() + ": cannot be read");
  CsvTable table;
  table.file = file.string();
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    if (table.header.empty()) {
      table.header = cells_of(line);
      continue;
    }
    table.rows.push_back(cells_of(line));
    table.lines.push_back(number);
    if (table.rows.back().size() != table.header.size())
      table.fail(table.rows.size() - 1, "expected " + std::to_string(table.header.size()) +
                                            " cells as in the header, got " +
                                            std::to_string(table.rows.back().size()));
  }
  if (table.header.empty()) throw DataError(table.file + ": has no header line");
  return table;
}

}  // namespace ohmic
