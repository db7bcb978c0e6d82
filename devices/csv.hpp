// Comma-separated tables with a header line, as measured data and maps come in.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ohmic {

/// Cells as text, with the line each row came from; lines that are empty or start with # are
/// skipped, blanks around cells are dropped.
struct CsvTable {
  std::string file;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<int> lines;

  /// Index of a column, or -1.
  int find(const std::string& column) const;
  /// The cell as a number; throws DataError naming file, line, column and text.
  double number(std::size_t row, int column) const;
  /// A DataError about `row`: "file:line: what".
  [[noreturn]] void fail(std::size_t row, const std::string& what) const;
};

/// Throws DataError when the file cannot be read or a row is shorter or longer than the header.
CsvTable read_csv(const std::filesystem::path& file);

}  // namespace ohmic
