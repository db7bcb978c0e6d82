#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/budget_answer.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/report/budget/run_budget.hpp"

namespace ohmic {

void answer_budget(const Value& root, const std::filesystem::path& folder) {
  TerminalProgress progress;
  const BudgetOutcome outcome = run_budget(root, folder, progress);
  print_lines("\n{}", outcome.text);
  print_lines("{} new evaluations of the test images; answers, tables and figures in {}/\n",
              outcome.new_draws, outcome.folder.string());
}

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
      "  ohmic budget my.toml --set budget.max_drop=5 --out runs/my_budget");
  auto file = std::make_shared<ExperimentFile>();
  auto folder = std::make_shared<std::filesystem::path>();
  file->add_to(*command);
  command->add_option("--out", *folder, "Run folder (default: output.dir)");
  command->callback([file, folder] { file->run([&] { answer_budget(file->read(), *folder); }); });
}

}  // namespace ohmic
