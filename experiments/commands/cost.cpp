// `ohmic cost`.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/measure/point_chip.hpp"
#include "experiments/results/cost_tables.hpp"

namespace ohmic {
namespace {

struct CostOptions {
  ExperimentFile file;
  bool csv = false;
  std::shared_ptr<bool> json;
};

void print_cost(const CostOptions& options) {
  Experiment experiment = options.file.only_point();
  if (!experiment.cost) experiment.cost.emplace();
  TerminalProgress progress;
  Networks networks(experiment.output.dir / "training", progress);
  networks.check(experiment);
  Calibrations calibrations;
  const NetworkCost cost = PointChip(experiment, networks.get(experiment), calibrations).cost();
  if (options.csv) return print_csv(cost_table(cost, experiment.periphery));
  if (*options.json) return print_json(cost_table(cost, experiment.periphery));
  const std::string free = free_converters_note({&experiment});
  print_lines("{}, one image:\n\n{}{}\nConstants ([cost]):\n{}", network_label(experiment),
              cost_text(cost, experiment.periphery), free.empty() ? "" : "\n" + free + "\n",
              constants_text(*experiment.cost));
}

}  // namespace

void add_cost_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("cost", "Tiles, conversions, energy, latency and area per image");
  command->footer(
      "First order, from the constants of [cost]; see `ohmic describe cost`. The network is the "
      "one "
      "that\n"
      "`run` with the same file trains or loads. With [cost] in a file, `run` puts the cost of "
      "every\n"
      "point beside its accuracy. Choose one point of a sweep with --set.\n\n"
      "Examples:\n"
      "  ohmic cost my.toml --set periphery.adc.bits=6\n"
      "  ohmic cost my.toml --csv > cost.csv");
  auto options = std::make_shared<CostOptions>();
  options->file.add_to(*command);
  options->json = add_json_flag(
      *command, "An object per layer and one for all, with the parts of energy and area");
  command->add_flag("--csv", options->csv, "The same as CSV")->excludes("--json");
  command->callback([options] { options->file.run([&] { print_cost(*options); }); });
}

}  // namespace ohmic
