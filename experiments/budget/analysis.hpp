// What the analyses of `ohmic budget` work with. A new question is a file of this folder with its
// settings as a member of BudgetSettings, its check listed in request.cpp; what it finds is shown
// by report/budget/.
#pragma once

#include <filesystem>

#include "experiments/budget/evaluations.hpp"
#include "experiments/budget/request.hpp"

namespace ohmic {

struct AnalysisContext {
  const BudgetRequest& request;
  Evaluations& evaluations;
  Networks& networks;
  Progress& progress;
  std::filesystem::path folder;  ///< of the run
};

}  // namespace ohmic
