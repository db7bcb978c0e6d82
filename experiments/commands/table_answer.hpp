// Answers for a program, on stdout, and the option that asks for them. What is said meanwhile goes
// to stderr as ever.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "experiments/text/table.hpp"

namespace CLI {
class App;
}

namespace ohmic {

/// Declares --json for a subcommand; true where it is given.
std::shared_ptr<bool> add_json_flag(CLI::App&, const std::string& what = "For a program");

/// An object per row, on a line of its own.
void print_json(const DataTable&);
void print_json(const nlohmann::ordered_json&);
void print_csv(const DataTable&);

}  // namespace ohmic
