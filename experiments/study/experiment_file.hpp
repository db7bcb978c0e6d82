// An experiment file with what a command line changes of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simulator/config/value.hpp"

namespace ohmic {

/// apply_override; a case's name is text, also where it looks like a number: 0.50 is not 0.5.
void apply_assignment(Value& root, const std::string& assignment);

/// read_toml with overrides "table.key=value" applied. Throws as these, and ConfigError for a file
/// that asks for nothing: empty, or comments alone.
Value read_experiment_file(const std::filesystem::path&, const std::vector<std::string>& overrides);

}  // namespace ohmic
