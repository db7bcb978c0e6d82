// The files in which [budget.design] leaves designs for `ohmic run`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// A design as an experiment, under the number that tables and figures give it.
struct DesignFile {
  std::size_t number = 1;
  Experiment experiment;
  Table sweep = {};
};

struct WrittenDesigns {
  std::vector<std::filesystem::path> files;  ///< in the order given
  std::size_t question = 1;                  ///< in whose names they are; the first has none
};

/// Writes design_NUMBER.toml of each. What stands in the folder already is never touched: where
/// files of such names are not the same bytes, or are no designs of these, or a run has left a
/// folder without its file, all are design_NUMBER_question_2.toml, or _3 and so on. So the same
/// designs find their own files again. Throws OutputError.
WrittenDesigns write_designs(const std::filesystem::path& folder, const std::vector<DesignFile>&);

}  // namespace ohmic
