// One question that `ohmic budget` answers. A new one is a file of its own with its settings as a
// member of BudgetSettings, declared below and listed in budget.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/budget/evaluations.hpp"
#include "experiments/budget/result_table.hpp"
#include "experiments/budget/settings.hpp"
#include "experiments/experiment.hpp"

namespace ohmic {

/// What a file asks: an answer per point of its sweep.
struct BudgetRequest {
  Value root;
  BudgetSettings settings;
  std::vector<Point> points;

  /// Where a key of [budget] stands ("find.knob"), or the nearest table around it.
  Position where(const std::string& key) const;
  /// A fault at that key.
  Fault fault(const std::string& key, const std::string& message) const;
};

struct AnalysisContext {
  const BudgetRequest& request;
  Evaluations& evaluations;
  Networks& networks;
  Progress& progress;
  std::filesystem::path folder;  ///< of the run
};

struct Analysis {
  bool (*is_asked)(const BudgetSettings&);
  /// Appends what is wrong with the request, before anything is computed.
  void (*check)(const BudgetRequest&, std::vector<Fault>&);
  /// The answer for every point.
  AnalysisResult (*run)(AnalysisContext&);
};

Analysis find_analysis();
Analysis yield_analysis();
Analysis attribution_analysis();
Analysis sensitivity_analysis();
Analysis prediction_analysis();
Analysis allocation_analysis();

}  // namespace ohmic
