// What a reader of a run should know before believing its numbers.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/groups.hpp"
#include "experiments/results/run_record.hpp"

namespace ohmic {

/// One sentence each, the gravest first; empty where all is well.
std::vector<std::string> warnings_of(const RunRecord&, const std::vector<Group>&);

}  // namespace ohmic
