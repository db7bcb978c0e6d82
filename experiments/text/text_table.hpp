// Tables of text, and how they are written: for a program (CSV), a page (Markdown) and a terminal.
#pragma once

#include <string>
#include <vector>

#include "experiments/statistics/estimate.hpp"

namespace ohmic {

using Row = std::vector<std::string>;

/// RFC 4180, with the end of the line.
std::string csv_line(const Row&);
/// The cells of such a line, without its end; quotes may be missing at a damaged line's end.
Row csv_cells(const std::string& line);
/// The first row is the header; cells of a row may end early.
std::string csv_text(const std::vector<Row>&);
std::string markdown_text(const std::vector<Row>&);
/// Columns aligned right for a terminal. Every row is as long as the first.
std::string aligned_text(const std::vector<Row>&);

/// The shortest text that reads back to the same number; empty where there is none.
std::string number_text(double);
/// A number as it was written, but for the sign of a zero: "-0.00" is "0.00".
std::string without_signed_zero(std::string number);
/// A fraction in per cent: "96.43"; empty for NaN.
std::string percent_text(double fraction);
/// "96.43 ± 0.61", half the width of the interval; without it where there is none.
std::string percent_text(const Estimate&);

}  // namespace ohmic
