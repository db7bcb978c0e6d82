// [budget.allocation]: an eta for each layer that asks least of the devices.
//
// With a cost of sum d_l / eta_l^2 and, to first order, a loss of sum s_l eta_l^2 (linear
// propagation), the cheapest etas for a given loss are eta_l^2 proportional to sqrt(d_l / s_l). s_l
// is taken at the allocation itself, found in a few rounds from one eta for all. How far all of
// them may be scaled is then found by Monte Carlo as in [budget.find], so the linear loss decides
// only how noise is shared out, never whether the result holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/search.hpp"

namespace ohmic {

/// One way of giving layers their eta, scaled as far as the loss allows.
struct ScaledEtas {
  SearchResult search;
  std::optional<double> scale;  ///< geometric mean of the eta, tolerated
  std::vector<double> etas;     ///< by layer, at that scale; empty without
  double cost = Estimate::kNone;
  Replicates fresh;                 ///< draws that the search has not seen
  std::vector<double> missed = {};  ///< etas by layer, shown not to be tolerated; empty: none are
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

/// Appends what is wrong with the request, before anything is computed.
void check_allocation(const BudgetRequest&, std::vector<Fault>&);
/// For every point and everything that is allowed; writes the experiment files that are named.
/// Throws OutputError.
std::vector<FoundAllocation> allocate(AnalysisContext&);

}  // namespace ohmic
