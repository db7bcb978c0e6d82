#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/report/budget/run_budget.hpp"

namespace ohmic {
namespace {

/// Rows with the name of their table.
DataTable named_rows(DataTable table) {
  table.columns.insert(table.columns.begin(), Column{"table"});
  for (auto& line : table.lines) line.cells.insert(line.cells.begin(), Cell(table.name));
  return table;
}

void find_budget(const ExperimentFile& file, const std::filesystem::path& folder, bool as_json) {
  TerminalProgress progress;
  const BudgetOutcome outcome = run_budget(file.read(), folder, progress);
  if (as_json) {
    for (const DataTable& table : outcome.tables) print_json(named_rows(table));
    return;
  }
  print_lines("\n{}", outcome.text);
  print_lines("{} new evaluations of the test images; answers, tables and figures in {}/\n",
              outcome.new_draws, outcome.folder.string());
}

}  // namespace

void add_budget_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "budget", "How much of each error a network tolerates, and where: what [budget] asks");
  command->footer(
      "The file's [budget] table says how much accuracy may be lost and what to find out; see\n"
      "`ohmic describe budget`. With [sweep], each point is answered by itself. Evaluations in "
      "the\n"
      "run folder are used again, also for another max_drop or confidence.\n\n"
      "Examples:\n"
      "  ohmic budget experiments/budget_eta.toml\n"
      "  ohmic budget my.toml --set budget.max_drop=5 --out runs/my_budget\n"
      "  ohmic budget my.toml --json                      the answers for a program");
  auto file = std::make_shared<ExperimentFile>();
  auto folder = std::make_shared<std::filesystem::path>();
  file->add_to(*command);
  command->add_option("--out", *folder, "Run folder (default: output.dir)");
  const auto as_json =
      add_json_flag(*command, "The rows of all tables, an object each, with the name of its table");
  command->callback([=] { file->run([&] { find_budget(*file, *folder, *as_json); }); });
}

}  // namespace ohmic
