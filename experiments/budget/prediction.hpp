// [budget.prediction]: linear noise propagation beside Monte Carlo.
#pragma once

#include <vector>

#include "experiments/budget/analysis.hpp"

namespace ohmic {

/// One value of the knob of one point.
struct Compared {
  double value = 0;
  Estimate measured;
  double predicted = 0;
  std::int64_t draws = 0;
};

struct Comparison {
  const Point* point = nullptr;
  double baseline = 0, predicted_baseline = 0;
  std::vector<Compared> values;
};

/// Appends what is wrong with the request, before anything is computed.
void check_prediction(const BudgetRequest&, std::vector<Fault>&);
/// Of every point.
std::vector<Comparison> compare_predictions(AnalysisContext&);

}  // namespace ohmic
