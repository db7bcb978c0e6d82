// Columns of one's own choice from the results.csv of run folders, as a figure takes them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

struct Choice {
  std::string x, y;               ///< swept keys or other columns; y of numbers
  std::string split = {};         ///< a key whose values are told apart; empty: all that matter
  std::vector<std::string> only;  ///< KEY=VALUE, as select_points takes them
};

struct ChosenRow {
  /// Swept keys that tell this row from others at the same x, "run" among them where there are
  /// several (the folder's name, or its path where two have one name); where x is no swept key only
  /// the split.
  Axes axes;
  std::string x;
  Estimate y;  ///< with its interval where the column has one
};

struct ChosenColumns {
  Column x, y;              ///< with the words and units of an axis
  bool x_is_swept = false;  ///< else it was measured
  Experiment experiment;    ///< the first, for the words of keys
  std::vector<ChosenRow> rows;
  std::vector<std::string> remarks;  ///< on runs whose results.csv lacks points that are finished
};

/// Throws ConfigError that lists the columns there are for one that is not there, or holds no
/// numbers, and for a name or a run that is given twice; DataError for a folder without results, or
/// whose results.csv is cut off or has other numbers than points/.
ChosenColumns choose_columns(const std::vector<std::filesystem::path>& runs, const Choice&);

/// What was chosen, for files: axes, x and y with its interval.
DataTable chosen_table(const ChosenColumns&);

}  // namespace ohmic
