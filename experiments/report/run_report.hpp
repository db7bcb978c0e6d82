// A run that ends in its report: its folder then holds besides
//   report.html        the run as one page, see report.hpp
//   figures/, tables/  its figures (SVG, PNG) and tables (CSV, Markdown)
//   and what supplements write (supplement.hpp), such as theory.csv
#pragma once

#include "experiments/run/run.hpp"

namespace ohmic {

/// run_experiment, then, as far as [output] wants them, figures and report.html, and the files of
/// supplements. Throws as run_experiment does.
RunOutcome run_with_report(const Value& root, RunOptions);

}  // namespace ohmic
