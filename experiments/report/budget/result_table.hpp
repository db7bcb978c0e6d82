// Results of an analysis: the numbers for programs, and what a person reads of them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/text/text_table.hpp"

namespace ohmic {

using Cell = std::variant<std::string, double, std::int64_t>;

/// Written as NAME.csv and NAME.jsonl, reals in full, a number that does not exist empty and null.
struct ResultTable {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;

  std::string csv() const;
  std::string jsonl() const;
};

/// The swept keys of a point as the first columns, and their values as the first cells.
std::vector<std::string> axis_columns(const Point&);
std::vector<Cell> axis_cells(const Point&);
/// The same for a person: short keys; a point without axes has none.
Row axis_headings(const Point&);
Row axis_texts(const Point&);
/// A point by its swept values in words; without any, by its network.
std::string point_title(const Point&);

/// A table for a terminal and a page; the first row is the header.
struct TextTable {
  std::string caption;
  std::vector<Row> rows;
  /// Columns whose cells are all empty, whatever they are called.
  void drop_empty_columns();
};

struct AnalysisResult {
  std::string heading;
  std::vector<TextTable> tables;
  std::vector<std::string> notes;  ///< one sentence each
  std::vector<ResultTable> files;
  std::vector<Figure> figures;
};

/// Adds the note that says of which level intervals are, where a table has any.
void explain_intervals(AnalysisResult&, double confidence);

std::string terminal_text(const AnalysisResult&);
/// With the figures, as files in figures/.
std::string markdown_text(const AnalysisResult&);

}  // namespace ohmic
