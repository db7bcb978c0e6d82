// Keys that act only beside others: declared once, with what they need.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// A key that a file sets and that changes nothing there.
struct IdleKey {
  std::string key;    ///< "mapping.weight_bits"
  std::string needs;  ///< beside what it would act: "mapping.encoding = \"bit_sliced\""
};

/// Every key that acts only beside others, in the order of the chain.
const std::vector<IdleKey>& conditional_keys();

/// Those of them that differ from their default, and from the preset's value, in some of these
/// experiments and act in none of those. Networks that cannot be read count as having all that a
/// key needs.
std::vector<IdleKey> idle_keys(const std::vector<const Experiment*>&);

/// One sentence that names all of them; empty where there are none. It is of a whole study: in a
/// part of its points more keys may be idle.
std::string idle_keys_remark(const std::vector<const Experiment*>&);

}  // namespace ohmic
