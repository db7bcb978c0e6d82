// [budget.protection]: layers that are held exactly (as other memory or digital logic would),
// chosen greedily by what each regains per device beside those that are exact already (Huang,
// Siegel and Jiang 2020), and what the chip then answers on draws that the search has not seen.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"

namespace ohmic {

struct ProtectedLayers {
  struct Step {
    std::string layer;  ///< exact from here on; of the first step none
    double share = 0;   ///< of the devices that are exact
    double found = 0;   ///< mean of the metric on the draws of the search
    Replicates fresh;
  };
  const Point* point = nullptr;
  double baseline = 0, noise_free = 0;
  double smallest_share = 0;  ///< of the devices, in one layer
  std::vector<Step> steps;
  bool is_at_end = false;  ///< none of those that there is room for regains anything more
};

/// Appends what is wrong with the request, before anything is computed.
void check_protection(const BudgetRequest&, std::vector<Fault>&);
/// Of every point.
std::vector<ProtectedLayers> protect(AnalysisContext&);

}  // namespace ohmic
