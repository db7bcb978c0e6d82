#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/budget/budget.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/experiment.hpp"

namespace ohmic {

void add_check_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("check", "Read an experiment file and report every fault");
  command->footer(
      "Nothing is computed. Every fault is reported with its place and what would be accepted.\n\n"
      "Examples:\n"
      "  ohmic check experiments/quickstart.toml\n"
      "  ohmic check my.toml --set device.eta=0.2 --set device.model=awgn");
  auto file = std::make_shared<ExperimentFile>();
  file->add_to(*command);
  command->callback([file] {
    const Value root = file->read();
    const std::size_t points =
        root.at("budget") ? read_budget(root).points.size() : expand(root).size();
    fmt::print("{}: ok, {} {}\n", file->path.string(), points, points == 1 ? "point" : "points");
  });
}

}  // namespace ohmic
