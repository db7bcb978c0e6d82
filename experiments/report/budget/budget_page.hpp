// The answers of a budget as a page: report.html of the run folder, in the style of `ohmic report`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/budget/request.hpp"
#include "experiments/report/budget/analysis_result.hpp"

namespace ohmic {

/// Draws the figures and writes report.html with tables/ beside it, as far as [output] wants them.
/// Returns why figures are missing; empty where none is. Throws OutputError.
std::string write_budget_page(const BudgetRequest&, const std::string& resolved,
                              const std::filesystem::path& folder,
                              const std::vector<AnalysisResult>&);

}  // namespace ohmic
