// What is allowed and yet worth a word: settings that a file may have and few want.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// One sentence for each, of all these experiments together: models beyond what they were measured
/// at, references that do not age with their cells, sizes and numbers that are hardly meant. They
/// are printed by `ohmic check` and before a run, and stand in its report. `study` is the whole of
/// what they are a part of: it says which keys of the file change nothing; empty: nothing is said
/// of that.
std::vector<std::string> remarks_on(const std::vector<const Experiment*>& part,
                                    const std::vector<const Experiment*>& study);
/// The same of a whole study.
std::vector<std::string> remarks_on(const std::vector<const Experiment*>& study);

std::vector<const Experiment*> experiments_of(const std::vector<Point>&);

}  // namespace ohmic
