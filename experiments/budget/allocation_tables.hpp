// The answers of [budget.allocation] as tables and a figure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/result_table.hpp"
#include "experiments/budget/search.hpp"
#include "experiments/budget/settings.hpp"

namespace ohmic {

/// One way of giving layers their eta, scaled as far as the loss allows.
struct ScaledEtas {
  SearchResult search;
  std::optional<double> scale;  ///< geometric mean of the eta, tolerated
  std::vector<double> etas;     ///< by layer, at that scale; empty without
  double cost = Estimate::kNone;
  Replicates fresh;  ///< draws that the search has not seen
};

enum class Verification { passed, failed, open, none };

/// passed: the mean shown to be at least `limit`, one-sided with this confidence; failed: shown to
/// be below; none: fewer than two draws.
Verification verify(const Replicates&, double limit, double confidence);

struct FoundAllocation {
  const Point* point = nullptr;
  Allowance allowance;
  double baseline = 0, limit = 0;
  std::vector<std::string> layers;
  std::vector<double> costs;  ///< of each layer at eta = 1
  ScaledEtas uniform, allocated;
  std::string file;  ///< experiment with the allocated eta; empty: none found

  /// Cost of the one eta for all over that of the allocation.
  double gain() const { return uniform.cost / allocated.cost; }
};

/// Tables allocation and allocation_layers, and the figure allocation.
AnalysisResult allocation_result(const std::vector<FoundAllocation>&, const BudgetSettings&);

}  // namespace ohmic
