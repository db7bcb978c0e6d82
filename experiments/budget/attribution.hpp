// [budget.attribution]: which share of the loss comes from which source.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/factorial.hpp"
#include "experiments/budget/sources.hpp"

namespace ohmic {

/// What one point's combinations measured.
struct Attribution {
  const Point* point;
  std::vector<Source> sources;
  double baseline;
  std::map<Combination, Replicates> measured;

  int count() const { return static_cast<int>(sources.size()); }
  MetricWords words() const { return MetricWords(point->experiment); }
  /// Losses are positive where answers get worse.
  double sign() const { return words().metric().sign(); }
};

/// Losses of one source.
struct SourceLoss {
  Estimate alone, last, share;
};

/// Appends what is wrong with the request, before anything is computed.
void check_attribution(const BudgetRequest&, std::vector<Fault>&);
/// Every point's combinations.
std::vector<Attribution> attribute(AnalysisContext&);

/// Of a contrast of goodness: where lower is better, of the metric with the other sign.
Estimate loss_estimate(Contrast, const Attribution&, double confidence);
SourceLoss loss_of(const Attribution&, int source, const BudgetSettings&);
/// Of all sources together.
Estimate total_of(const Attribution&, double confidence);
/// The metric with every source off.
double without_sources(const Attribution&);
/// "drift, wires"; "none" for no sources.
std::string names_of(const std::vector<Source>&);

}  // namespace ohmic
