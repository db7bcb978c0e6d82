#include "experiments/commands/table_answer.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "experiments/text/quoting.hpp"

namespace ohmic {

std::shared_ptr<bool> add_json_flag(CLI::App& command, const std::string& what) {
  auto as_json = std::make_shared<bool>(false);
  command.add_flag("--json", *as_json, what);
  return as_json;
}

void print_json(const DataTable& table) { fmt::print("{}", lines(jsonl_text(table))); }

void print_json(const nlohmann::ordered_json& json) {
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  fmt::print("{}\n", lines(json.dump(-1, ' ', false, replace)));
}

void print_csv(const DataTable& table) { fmt::print("{}", lines(csv_text(table))); }

}  // namespace ohmic
