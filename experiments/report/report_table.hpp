// A table of the report: written as HTML in the page, as CSV and Markdown beside it.
#pragma once

#include <string>
#include <vector>

#include "experiments/report/html.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/text/text_table.hpp"

namespace ohmic {

struct TableCell {
  TableCell() = default;
  TableCell(std::string text) : text(std::move(text)) {}
  TableCell(const char* text) : text(text) {}
  /// In per cent, with half the width of its interval.
  explicit TableCell(const Estimate&);
  TableCell(const MetricWords&, const Estimate&);

  std::string text, half_width;
};

struct ReportTable {
  struct Line {
    std::vector<TableCell> cells;
    std::string kind;  ///< class of the row: "", "published", "difference"
  };

  std::string name;     ///< of its files, without extension
  std::string caption;  ///< empty: none
  Row header;
  std::size_t labels = 1;  ///< leading columns that name the row
  std::vector<Line> lines;
  std::string level = {};  ///< of its intervals, "50 %", in headers of files; empty: 95 %

  /// Leaves out columns in which no line says anything.
  void drop_empty_columns();
  Markup html() const;  ///< in a box that scrolls sideways
  std::string markdown() const;
  /// A column that has intervals becomes two.
  std::string csv() const;
};

}  // namespace ohmic
