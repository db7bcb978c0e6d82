// What is allowed and yet worth a word: settings that a file may have and few want.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// One sentence for each, of all these experiments together: models beyond what they were measured
/// at, references that do not age with their cells, sizes and numbers that are hardly meant. They
/// are printed by `ohmic check` and before a run, and stand in its report.
std::vector<std::string> remarks_on(const std::vector<const Experiment*>&);
/// The same of all points.
std::vector<std::string> remarks_on(const std::vector<Point>&);

}  // namespace ohmic
