#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

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
    const std::size_t points = expand(file->read()).size();
    fmt::print("{}: ok, {} {}\n", file->path.string(), points, points == 1 ? "point" : "points");
  });
}

}  // namespace ohmic
