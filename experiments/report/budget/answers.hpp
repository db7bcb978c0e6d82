// The answers of `ohmic budget` as tables and figures: NAME_tables.cpp for each question.
#pragma once

#include <vector>

#include "experiments/budget/allocation.hpp"
#include "experiments/budget/attribution.hpp"
#include "experiments/budget/design.hpp"
#include "experiments/budget/find.hpp"
#include "experiments/budget/knobs.hpp"
#include "experiments/budget/prediction.hpp"
#include "experiments/budget/protection.hpp"
#include "experiments/budget/rare.hpp"
#include "experiments/budget/recalibration.hpp"
#include "experiments/budget/sensitivity.hpp"
#include "experiments/budget/yield.hpp"
#include "experiments/report/budget/analysis_result.hpp"
#include "experiments/results/axis_columns.hpp"

namespace ohmic {

/// Tables budget, budget_probes and budget_layers, and the figure budget.
AnalysisResult find_result(const std::vector<FoundBudget>&, const BudgetSettings&);
/// Tables yield and yield_chips, and the figure yield.
AnalysisResult yield_result(const std::vector<Chips>&, const BudgetSettings&);
/// Tables attribution, attribution_combinations and attribution_interactions, the figure
/// attribution.
AnalysisResult attribution_result(const std::vector<Attribution>&, const BudgetSettings&);
/// Table sensitivity, ranked by effect, and the figure sensitivity, in the order of the network.
/// Neither end would rank alone: noise in one layer can gain accuracy, and what one layer gives
/// back drowns in the noise of the others.
AnalysisResult sensitivity_result(const std::vector<SensitivityStudy>&, const BudgetSettings&);
/// Table and figure prediction.
AnalysisResult prediction_result(const std::vector<Comparison>&, const BudgetSettings&);
/// Tables allocation and allocation_layers, and the figure allocation.
AnalysisResult allocation_result(const std::vector<FoundAllocation>&, const BudgetSettings&);
/// Table and figure protection.
AnalysisResult protection_result(const std::vector<ProtectedLayers>&, const BudgetSettings&);
/// Tables knobs, ranked, knobs_left_out and knob_corners, and the figure knobs.
AnalysisResult knobs_result(const std::vector<KnobStudy>&, const BudgetSettings&);
/// Tables lifetime, lifetime_ages, lifetime_chips and, where it is asked, lifetime_recalibration,
/// and the figure lifetime.
AnalysisResult lifetime_result(const std::vector<AgingChips>&, const std::vector<Recalibration>&,
                               const BudgetSettings&);
/// Tables rare, rare_levels, rare_tail and rare_repetitions, and the figure rare.
AnalysisResult rare_result(const std::vector<RareChips>&, const BudgetSettings&);
/// Tables design, of those that were verified, and design_searched, and the figure design.
AnalysisResult design_result(const std::vector<FoundDesigns>&, const BudgetSettings&);

}  // namespace ohmic
