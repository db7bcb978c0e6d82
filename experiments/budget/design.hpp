// [budget.design]: the cheapest chip that keeps what is asked for, and what the metric costs around
// it.
//
// Every combination of the file's choices is priced first, which needs no draws. Then a race finds
// which of them are worth it (race.hpp); those are measured on fresh draws, which alone decide what
// is said of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/design_pool.hpp"
#include "experiments/budget/layer_bits.hpp"
#include "experiments/budget/race.hpp"

namespace ohmic {

/// Random designs that the answer is set beside: of those that the search began with, or where
/// layers have bits of their own to choose, of all of them, which no ladder orders.
struct RandomComparison {
  DesignSpace space;
  std::vector<PricedDesign> designs;
  RandomDesigns found;
  std::size_t there_are = 0;  ///< from which they are taken
};

/// The designs of one point for one thing that is allowed.
struct FoundDesigns {
  const Point* point = nullptr;
  Allowance allowance = {};
  double baseline = 0;
  DesignSpace space;
  std::vector<PricedDesign> designs = {};
  std::size_t refused = 0;
  std::string first_refusal = {};
  RaceSettings asked = {};
  std::int64_t predictions = 0;
  RaceResult race = {};
  std::vector<VerifiedDesign> verified = {};
  std::size_t first_number = 1;         ///< of those verified, over all that was found
  std::vector<std::string> files = {};  ///< of those verified; empty: not on the front
  std::size_t question = 1;             ///< in the names of the files (design_files.hpp)
  std::optional<RandomComparison> random = {};
  std::optional<LayerBits> layer_bits = {};  ///< where layers have bits of their own to choose
  std::vector<double> answer_costs = {};     ///< with layer_bits: the answer's, by layer

  double cost(const VerifiedDesign& v) const { return designs[v.design].cost; }
  /// Draws of those who were verified.
  std::int64_t verification() const;
};

/// Whether a design gives no layer ADC bits of its own.
bool has_same_bits(const DesignSpace&, std::uint64_t index);

/// Appends what is wrong with the request, before anything is computed.
void check_design(const BudgetRequest&, std::vector<Fault>&);
/// For every point and everything that is allowed; writes the experiment files that are named,
/// over none that is there.
/// Throws OutputError, and ConfigError where every design that was tried is refused.
std::vector<FoundDesigns> find_designs(AnalysisContext&);

}  // namespace ohmic
