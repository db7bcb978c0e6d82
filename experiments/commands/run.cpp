#include "experiments/run/run.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"

namespace ohmic {
namespace {

void print_outcome(const RunOutcome& outcome, const std::string& file) {
  fmt::print("\n{}\n", outcome.summary);
  fmt::print("A: accuracy under noise / accuracy without, in %; intervals over draws.\n\n");
  fmt::print("{} points in {}/, {} of them new:\n", outcome.points, outcome.folder.string(),
             outcome.computed);
  for (const auto& entry : std::filesystem::directory_iterator(outcome.folder))
    if (entry.path().filename() != "lock") fmt::print("  {}\n", entry.path().string());
  fmt::print("Change {} and run it again: only points that are not there are computed.\n", file);
}

}  // namespace

void add_run_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("run", "Train or load, map, perturb, measure and report an experiment");
  command->footer(
      "What is finished in the run folder is not computed again: the same command continues a run "
      "that was stopped.\n\n"
      "Examples:\n"
      "  ohmic run experiments/quickstart.toml\n"
      "  ohmic run my.toml --set evaluation.draws=50 --out runs/fifty");
  auto file = std::make_shared<ExperimentFile>();
  auto options = std::make_shared<RunOptions>();
  file->add_to(*command);
  command->add_option("--out", options->folder, "Run folder (default: output.dir)");
  command->callback([file, options] {
    print_outcome(run_experiment(file->read(), *options), file->path.string());
  });
}

}  // namespace ohmic
