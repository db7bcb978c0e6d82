// Comma-separated tables with a header line, as measured data and maps come in (RFC 4180).
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace ohmic {

/// Cells as text, with the line each row began in; lines that are empty or start with # are
/// skipped, blanks around cells are dropped.
struct CsvTable {
  std::string file;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<int> lines;

  /// Index of a column, or -1.
  int find(const std::string& column) const;
  /// The cell as a finite number; throws DataError naming file, line, column and text.
  double number(std::size_t row, int column) const;
  /// A DataError about `row`: "file:line: what".
  [[noreturn]] void fail(std::size_t row, const std::string& what) const;
};

/// Reads UTF-8 text with or without a byte order mark, lines that end in LF, CRLF or CR, and cells
/// in double quotes, which may hold commas, line ends and quotes (doubled). Throws DataError when
/// the file cannot be read or has more than 64 MiB, a quote is not closed, or a row is shorter or
/// longer than the header.
CsvTable read_csv(const std::filesystem::path& file);

/// A column's name without its unit: "g_mean_uS", "g_mean (uS)" and "g_mean [uS]" are ("g_mean",
/// "uS"), where `_` parts a unit only if it is one of `units`. The unit is empty where there is
/// none.
std::pair<std::string, std::string> name_and_unit(const std::string& column,
                                                  const std::vector<std::string>& units);

}  // namespace ohmic
