// What `ohmic budget` and `ohmic design` do alike.
#pragma once

#include <filesystem>

#include "simulator/config/value.hpp"

namespace ohmic {

/// Answers what [budget] asks and prints it.
void answer_budget(const Value& root, const std::filesystem::path& folder);

}  // namespace ohmic
