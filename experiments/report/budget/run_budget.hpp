// `ohmic budget`: what an experiment file with a [budget] table asks. Its run folder holds
//   resolved.toml, written_for.txt, provenance.json    as those of `ohmic run`
//   evaluations/     accuracy of every configuration that was looked at, draw by draw
//   report.html      the answers as a page, with figures/ and tables/ beside it
//   budget.md        the same for a text editor
//   NAME.csv|jsonl   a table of each analysis
// Evaluations are found again whatever is asked of them: after a kill, or with another max_drop or
// confidence, only those that are not there are computed.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/budget/request.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

struct BudgetOutcome {
  std::filesystem::path folder;
  std::string text;                ///< for a terminal
  std::vector<DataTable> tables;   ///< the same for programs: NAME.jsonl of the folder
  std::vector<std::string> notes;  ///< what the text says beside its tables, a sentence each
  std::int64_t new_draws = 0;      ///< replicates that were not there before
  /// Why the card could not be written, when all else was; null where it was, or none is asked for.
  std::exception_ptr card_failure = nullptr;
};

/// Runs the analyses a file asks for; `folder` empty takes output.dir. `card`, where it is given:
/// the budget card (budget/card.hpp) that [budget.find] and [budget.allocation] are written to,
/// beside what it holds of the same network; removed where nothing that it held is tolerated any
/// more. Throws as run_experiment, and ConfigError before any work for a card that cannot take the
/// answers.
BudgetOutcome run_budget(const Value& root, const std::filesystem::path& folder, Progress&,
                         const std::filesystem::path& card = {});

}  // namespace ohmic
