#include "experiments/run/run.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"

namespace ohmic {

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
  command->callback([file, options] { run_experiment(file->read(), *options); });
}

}  // namespace ohmic
