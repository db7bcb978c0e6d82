// [budget.lifetime] recalibrate: at which ages the factors against drift (mapping.compensation) are
// to be read again, where they are not read at every age.
//
// Factors stay as long as the share of chips that were good at every age so far is shown, with the
// exact bound of Clopper and Pearson. Where it is not any more, those of the age before are taken,
// where that does not help, those of the age itself, and where not even these do, the schedule
// ends. It was chosen for these chips, so others say how good it is: draws that the search has not
// seen follow it from its beginning.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "experiments/budget/lifetime.hpp"

namespace ohmic {

/// Which chips are good at an age, with factors that were read at an age; both by their places.
using GoodChips = std::function<std::vector<bool>(std::size_t age, std::size_t read)>;

/// Of each age, as far as the share is shown, the age whose factors are in force.
std::vector<std::size_t> schedule_of(std::size_t ages, double share, double confidence,
                                     const GoodChips&);

struct Recalibration {
  const AgingChips* chips = nullptr;  ///< with factors that are read at every age
  Target target;
  std::vector<double> read_s;  ///< by age, as far as the schedule goes: when its factors were read
  std::optional<AgingChips> fresh = {};  ///< that followed it; none: it has no age

  /// Each age at which factors are read, once.
  std::vector<double> readings_s() const;
};

/// Appends what is wrong with the request, before anything is computed.
void check_recalibration(const BudgetRequest&, std::vector<Fault>&);
/// Of all chips with factors against drift, for everything that is allowed; none where it is not
/// asked. The chips must outlive them.
std::vector<Recalibration> find_recalibrations(AnalysisContext&, const std::vector<AgingChips>&);

}  // namespace ohmic
