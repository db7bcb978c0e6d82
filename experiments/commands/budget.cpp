#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <memory>

#include "experiments/budget/card_check.hpp"
#include "experiments/commands/budget_answer.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/print_note.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/commands/work_folder.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/report/budget/run_budget.hpp"

namespace ohmic {
namespace {

/// Rows with the name of their table.
DataTable named_rows(DataTable table) {
  table.columns.insert(table.columns.begin(), Column{"table"});
  for (auto& line : table.lines) line.cells.insert(line.cells.begin(), Cell(table.name));
  return table;
}

}  // namespace

void add_answer_options(CLI::App& command, AnswerOptions& options) {
  command.add_option("--out", options.folder, "Run folder (default: output.dir)");
  options.as_json =
      add_json_flag(command, "The rows of all tables, an object each, with the name of its table");
}

void answer_budget(const Value& root, const AnswerOptions& options) {
  TerminalProgress progress;
  const BudgetOutcome outcome = run_budget(root, options.folder, progress, options.card);
  if (*options.as_json) {
    for (const DataTable& table : outcome.tables) print_json(named_rows(table));
    for (const std::string& note : outcome.notes) print_note("{}\n", lines(note));
  } else {
    print_lines("\n{}", outcome.text);
    print_lines("{} new evaluations of the test images; answers, tables and figures in {}/\n",
                outcome.new_draws, outcome.folder.string());
  }
  if (outcome.card_failure) std::rethrow_exception(outcome.card_failure);
}

namespace {

struct BudgetOptions {
  ExperimentFile file;
  AnswerOptions answer;
  std::filesystem::path check;
};

void check_weights(const BudgetOptions& options) {
  const BudgetCard card = read_card(options.check);
  const Experiment experiment = options.file.only_point();
  use_threads(experiment.compute.threads);
  const WorkFolder own;
  const std::filesystem::path folder =
      options.answer.folder.empty() ? own.path() : options.answer.folder;
  TerminalProgress progress;
  Networks networks(folder / "training", progress);
  networks.check(experiment);
  Evaluations evaluations(folder, networks, progress);
  const std::vector<CheckedEntry> checked =
      check_card(card, options.check.string(), experiment, networks, evaluations);
  for (const CheckedEntry& entry : checked) print_lines("{}\n", text_of(entry, experiment));
  if (!std::ranges::all_of(checked, &CheckedEntry::fits))
    throw DoesNotFit(fmt::format("{} is not shown to fit {}", network_label(experiment),
                                 options.check.string()));
}

/// What is wrong with the card, the weights or the file is never the status of weights that do not
/// fit.
void run(const BudgetOptions& options) {
  if (options.check.empty())
    return options.file.run([&] { answer_budget(options.file.read(), options.answer); });
  try {
    options.file.run([&] { check_weights(options); });
  } catch (const DataError& error) {
    throw ConfigError(error.what());
  }
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
      "--card keeps what is tolerated in a small JSON file (`ohmic describe --card-schema`);\n"
      "--check asks it whether other weights still fit the same chip: exit status 0 they do, 3 "
      "they\n"
      "are not shown to, 2 a wrong card, file or weights.\n\n"
      "Examples:\n"
      "  ohmic budget experiments/budget_eta.toml\n"
      "  ohmic budget my.toml --set budget.max_drop=5 --out runs/my_budget\n"
      "  ohmic budget my.toml --card card.json\n"
      "  ohmic budget --check card.json my.toml --set model.weights=new.safetensors\n"
      "  ohmic budget my.toml --json                      the answers for a program");
  auto options = std::make_shared<BudgetOptions>();
  options->file.add_to(*command);
  add_answer_options(*command, options->answer);
  CLI::Option* card = command
                          ->add_option("--card", options->answer.card,
                                       "Card (JSON) to which tolerances are written; one that is "
                                       "there keeps its others")
                          ->type_name("FILE");
  command
      ->add_option("--check", options->check,
                   "Ask this card whether the file's weights fit, and nothing else")
      ->type_name("CARD")
      ->excludes(card)
      ->excludes("--json");
  command->callback([options] { run(*options); });
}

}  // namespace ohmic
