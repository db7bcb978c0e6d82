// One table of typed cells, and its writers: for a terminal, Markdown, CSV and JSON lines here, for
// a page in report/html.hpp. A column stands in files, in full, before a reader, in its digits, or
// in both.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {

/// The shortest text that reads back to the same number; empty where there is none.
std::string number_text(double);

/// How a reader sees numbers: nothing of NaN; no sign of a zero, but of differences.
struct Digits {
  enum class Form { shortest, general, fixed, difference };
  Form form = Form::shortest;  ///< difference: fixed, with its sign
  int count = 0;
  double factor = 1;  ///< 100 of per cents of fractions

  static constexpr Digits general(int count) { return {Form::general, count}; }
  static constexpr Digits fixed(int count, double factor = 1) {
    return {Form::fixed, count, factor};
  }

  std::string text(double) const;
  /// "96.43 ± 0.61", half the width of the interval; without it where there is none.
  std::string text(const Estimate&) const;
  /// Half the width by itself; of general digits two.
  std::string half_width_text(const Estimate&) const;
};
/// Of fractions: "96.43".
inline constexpr Digits kPercent = Digits::fixed(2, 100);
inline constexpr Digits kPoints{Digits::Form::difference, 2, 100};

struct Cell {
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Estimate>;

  Cell() = default;
  Cell(const char* text) : value(text) {}
  Cell(std::string text) : value(std::move(text)) {}
  Cell(double number) : value(number) {}
  Cell(const std::optional<double>& number) : value(number.value_or(Estimate::kNone)) {}
  Cell(bool truth) : value(truth) {}
  Cell(std::integral auto count) : value(static_cast<std::int64_t>(count)) {}
  Cell(const Estimate& estimate) : value(estimate) {}
  Cell(Value value, std::string shown) : value(std::move(value)), shown(std::move(shown)) {}

  Value value;
  std::optional<std::string> shown = {};  ///< to a reader, instead of the value in digits
};

struct Column {
  std::optional<std::string> key;         ///< its name in files
  std::optional<std::string> title = {};  ///< its name, with the unit, for a reader
  Digits digits = {};
  bool has_interval = false;  ///< in files two more, KEY_lo and KEY_hi
  bool is_left = false;       ///< on a terminal, which only the last one may be; else right

  /// What a reader sees of a cell without its interval, half the width of that, and both.
  std::string text(const Cell&) const;
  std::string half_width(const Cell&) const;
  std::string whole_text(const Cell&) const;
};
/// For a reader only.
Column titled(std::string title, Digits = {});
/// Of estimates.
Column with_interval(std::string key, std::optional<std::string> title = {}, Digits = {});

using Fields = std::vector<std::pair<Column, Cell>>;

struct DataTable {
  struct Line {
    std::vector<Cell> cells;
    /// Of lines that are no rows of the data, "published", "difference", "total": not in files.
    std::string kind = {};
  };

  std::string name = {};  ///< of its files, without extension
  std::string caption = {};
  std::vector<Column> columns = {};
  std::vector<Line> lines = {};
  std::size_t labels = 1;  ///< leading columns for a reader that name the row

  void append(const std::vector<Column>&);
  /// Cells of the first columns, and of those behind them; the others are empty.
  void add(std::vector<Cell> first, const std::vector<Cell>& more = {}, std::string kind = {});
  /// A row; the columns are those of the first.
  void add(const Fields&);
  /// Leaves columns that are no labels to files where no line says anything.
  void drop_empty_columns();
  bool shows_intervals() const;
};

/// The table as a reader sees it, for files: texts, half widths of intervals in a column of their
/// own, "TITLE LEVEL half-width".
DataTable as_shown(const DataTable&, const std::string& level);

std::string terminal_text(const DataTable&);
std::string markdown_text(const DataTable&);
/// RFC 4180, a number that does not exist empty; nothing without columns.
std::string csv_text(const DataTable&);
/// An object per line, a number that does not exist null.
std::string jsonl_text(const DataTable&);

/// The cells of a line of RFC 4180, without its end; quotes may be missing at a damaged line's end.
std::vector<std::string> csv_cells(const std::string& line);

}  // namespace ohmic
