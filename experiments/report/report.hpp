// `ohmic report`: a run folder, or several side by side, as one page that needs nothing else, with
// its figures (SVG, PNG) and tables (CSV, Markdown) beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ohmic {

struct ReportOptions {
  std::filesystem::path folder;  ///< where to; empty: the first run's
  bool figures = true;           ///< draw figures/
  bool page = true;              ///< write report.html and tables/
};

struct ReportOutcome {
  std::filesystem::path folder;
  std::size_t figures = 0, tables = 0;
  std::string problem;  ///< why figures are missing; empty: none are
};

/// Writes FOLDER/report.html, FOLDER/figures/ and FOLDER/tables/ from one run folder or more; they
/// may be unfinished, or still being worked on. Throws what read_run throws, and OutputError.
ReportOutcome write_report(const std::vector<std::filesystem::path>& runs, const ReportOptions&);

}  // namespace ohmic
