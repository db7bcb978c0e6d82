// What is said of a run whose results are found by the values of swept keys.
#pragma once

#include <string>

#include "experiments/results/run_record.hpp"

namespace ohmic {

/// Why results may be of other hardware, samples or networks than resolved.toml says; empty where
/// each was found by its identity.
std::string identity_remark(const RunRecord&);

}  // namespace ohmic
