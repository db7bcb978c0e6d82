// Whether weights fit the chip of a budget card: continuous integration's question.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/budget/card.hpp"
#include "experiments/budget/evaluations.hpp"

namespace ohmic {

/// Weights that are not shown to keep a card's limits.
class DoesNotFit : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One entry of a card with the weights that were asked.
struct CheckedEntry {
  const CardEntry* entry = nullptr;
  Probe probe;  ///< tolerated: shown to be within the limit
  double baseline = Estimate::kNone;

  bool fits() const { return probe.verdict == Tolerance::tolerated; }
};

/// How the mean over chips at an entry's tolerance is judged.
SearchSettings card_search(const CardEntry&);
/// Measures the experiment's weights at every entry's tolerance, look by look, on draws that no
/// search has seen, until each is shown to be within its limit or not, at the entry's confidence;
/// with at most four times the draws that the entry had, so that weights as good as the card's own
/// are rarely left open. So weights that miss any limit pass with a probability of at most
/// 1 - confidence. Throws DataError, at `file`, where the experiment is not what the card is of:
/// other test samples, hardware or metric, or weights that are still to be trained.
std::vector<CheckedEntry> check_card(const BudgetCard&, const std::string& file, const Experiment&,
                                     Networks&, Evaluations&);

/// "fits: eta = 0.13: accuracy 91.02 ± 0.31 %, ..."
std::string text_of(const CheckedEntry&, const Experiment&);

}  // namespace ohmic
