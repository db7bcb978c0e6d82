#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/print_note.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/report/run_report.hpp"
#include "experiments/text/quoting.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

struct RunCommand {
  std::string program;  ///< as it was typed
  ExperimentFile file;
  RunOptions options;
  bool dry_run = false;
  std::shared_ptr<bool> json;
};

/// The command that goes on with every point of the file: without --only and --fresh.
std::string continuation(const RunCommand& command) {
  std::string text = shell_word(command.program) + " run " + shell_word(command.file.path.string());
  for (const std::string& assignment : command.file.overrides)
    text += " --set " + shell_word(assignment);
  if (!command.options.folder.empty())
    text += " --out " + shell_word(command.options.folder.string());
  return text;
}

/// What Ctrl-C or the end of a batch job says: fixed beforehand, as a signal handler may only
/// write.
std::string stopped_message;

void say_stopped(int signal) {
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, stopped_message.data(), stopped_message.size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void explain_when_stopped(const RunCommand& command) {
  stopped_message =
      "\nohmic: stopped; what is finished is kept. To continue:\n  " + continuation(command) + "\n";
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, say_stopped);
}

void print_files(const RunOutcome& outcome) {
  for (const auto& entry : std::filesystem::directory_iterator(outcome.folder))
    if (entry.path().filename() != "lock" && entry.path().extension() != ".tmp")
      print_lines("  {}\n", entry.path().string());
}

void print_outlook(const Outlook& outlook, const RunCommand& command) {
  if (*command.json) {
    print_json(outlook.points);
    return print_note("{}", lines(outlook.text));
  }
  print_lines("{}\n{}", terminal_text(outlook.points), outlook.text);
}

/// The rows of results.jsonl; what is said of them goes where notes go.
void print_results(const RunOutcome& outcome) {
  const auto results = outcome.folder / "results.jsonl";
  if (std::filesystem::exists(results)) fmt::print("{}", lines(read_whole(results, kMostOfLog)));
  for (const std::string& doubt : outcome.doubts) print_note("{}\n", lines(doubt));
}

void print_outcome(const RunOutcome& outcome, const RunCommand& command, double seconds) {
  print_lines("\n{}\n", outcome.summary);
  print_lines("{} of {} points finished, {} of them now in {}:\n", outcome.finished, outcome.points,
              outcome.computed, duration_text(seconds));
  print_files(outcome);
  if (!outcome.left_out.empty()) print_lines("Left out, because training diverged:\n");
  for (const std::string& point : outcome.left_out) print_lines("  {}\n", point);
  print_lines("Beside other runs:\n  {} report {} OTHER...\n", shell_word(command.program),
              shell_word(outcome.folder.string()));
  if (outcome.finished + outcome.left_out.size() < outcome.points)
    print_lines("The other points:\n  {}\n", continuation(command));
  else
    print_lines("Change {} and run it again: only points that are not there are computed.\n",
                command.file.path.string());
}

void run(const RunCommand& command) {
  const Value root = command.file.read();
  if (command.dry_run) {
    if (command.options.rank.is_first()) print_outlook(dry_run(root, command.options), command);
    return;
  }
  if (command.options.rank.is_first()) explain_when_stopped(command);
  const auto began = std::chrono::steady_clock::now();
  TerminalProgress progress(command.options.rank.prefix());
  RunOptions options = command.options;
  options.progress = &progress;
  const RunOutcome outcome = run_with_report(root, options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!command.options.rank.is_first()) return;
  *command.json ? print_results(outcome) : print_outcome(outcome, command, took.count());
  if (!outcome.left_out.empty())
    throw PointsLeftOut(
        fmt::format("{} of {} points are missing: training diverged; smaller rates "
                    "(train.learning_rate) may not",
                    outcome.left_out.size(), outcome.points));
}

/// A failure to write is the one that a user mends and goes on from.
void run_and_say_how_to_continue(const RunCommand& command) {
  try {
    run(command);
  } catch (const OutputError& error) {
    throw OutputError(std::string(error.what()) +
                      "\nWhat is finished is kept. When this is mended, continue with\n  " +
                      continuation(command));
  }
}

void add_options(CLI::App& command, RunCommand& run) {
  run.file.add_to(command);
  command.add_option("--out", run.options.folder, "Run folder (default: output.dir)");
  command
      .add_option("--only", run.options.only,
                  "Compute only points where a swept key has this value; several values of one key "
                  "are alternatives. results.csv still holds every finished point")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  auto* fresh = command.add_flag("--fresh", run.options.fresh,
                                 "Measure again: what was measured before is moved to "
                                 "before-DATE/ in the run folder. Trained networks are kept");
  auto* fresh_training =
      command.add_flag("--fresh-training", run.options.fresh_training,
                       "Train and measure again: trained networks are moved there too");
  command
      .add_flag("--dry-run", run.dry_run,
                "Print every point with its state and the time that is left; write nothing")
      ->excludes(fresh)
      ->excludes(fresh_training);
  run.json =
      add_json_flag(command, "Print the results, an object per point; of --dry-run the points");
}

}  // namespace

void add_run_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("run", "Train or load, map, perturb, measure and report an experiment");
  command->footer(
      "What is finished in the run folder is not computed again: the same command continues a run "
      "that was stopped. Any number of processes share the points of one folder: started by "
      "mpirun or srun, or by hand.\n\n"
      "Examples:\n"
      "  ohmic run experiments/quickstart.toml\n"
      "  ohmic run my.toml --set evaluation.draws=50 --out runs/fifty\n"
      "  ohmic run my.toml --dry-run                      what is finished, what is left\n"
      "  ohmic run my.toml --only device.eta=0.3          a part of the sweep\n"
      "  mpirun -n 4 ohmic run my.toml                    four processes\n\n"
      "Points whose network's training diverges are marked and left out, all others computed; the\n"
      "exit status is then 6.");
  auto run = std::make_shared<RunCommand>();
  run->program = app.get_name();
  run->options.rank = this_rank();
  add_options(*command, *run);
  command->callback([run] { run->file.run([&] { run_and_say_how_to_continue(*run); }); });
}

}  // namespace ohmic
