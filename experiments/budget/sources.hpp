// Sources of error, and the keys that switch each of them off.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/configure.hpp"

namespace ohmic {

/// Every source there can be, in the order in which a signal meets them.
const std::vector<std::string>& source_names();

struct Source {
  std::string name;
  KeyValues off;  ///< the keys of this experiment, with the values that switch the source off
};

/// The sources that this experiment has, in the order of source_names. Drift needs an age; a source
/// whose every key has its ideal value already is none. Switching one off leaves the random numbers
/// of all others as they are.
std::vector<Source> sources_of(const Experiment&);

}  // namespace ohmic
