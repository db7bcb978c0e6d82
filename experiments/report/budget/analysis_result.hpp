// Results of an analysis: tables and figures, for programs and for who reads them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

/// Tables with lines are shown as far as columns have titles, and written as NAME.csv and
/// NAME.jsonl as far as columns have keys, those of one name one below the other.
struct AnalysisResult {
  std::string heading;
  std::vector<DataTable> tables;
  std::vector<std::string> notes;  ///< one sentence each
  std::vector<Figure> figures;

  std::vector<const DataTable*> shown_tables() const;
};

/// Adds the note that says of which level intervals are, where a table has any.
void explain_intervals(AnalysisResult&, double confidence);

std::string terminal_text(const AnalysisResult&);
/// With the figures, as files in figures/.
std::string markdown_text(const AnalysisResult&);
/// The tables that are files, by their names.
std::vector<DataTable> file_tables(const AnalysisResult&);
void write_tables(const AnalysisResult&, const std::filesystem::path& folder);

}  // namespace ohmic
