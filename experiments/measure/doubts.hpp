// What the facts about a network say against its numbers, in words: the same for every writer.
#pragma once

#include <string>
#include <vector>

#include "nn/torch/plausibility.hpp"

namespace ohmic {

/// One clause each, without a full stop, the gravest first; empty for a sound network and of one of
/// which no images are known.
std::vector<std::string> doubts_of(const Plausibility&);

/// A list for a terminal under a heading; empty for none.
std::string doubts_text(const std::vector<std::string>& sentences);

}  // namespace ohmic
