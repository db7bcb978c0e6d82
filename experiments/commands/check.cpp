#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/examined_request.hpp"

namespace ohmic {
namespace {

/// Faults of the file, then what a run would open, then what is worth a word.
void check(const ExperimentFile& file) {
  const BudgetRequest request = read_request(file.read());
  examine_request(request);
  print_lines("{}: ok, {}\n", file.path.string(), points_words(request));
}

}  // namespace

void add_check_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("check", "Read an experiment file and report every fault");
  command->footer(
      "Every fault is reported with its place and what would be accepted; "
      "data, weights, tables and plug-ins are opened as a run would open them, and networks whose "
      "weights are given see a few hundred test images. Nothing else is computed.\n\n"
      "Examples:\n"
      "  ohmic check experiments/quickstart.toml\n"
      "  ohmic check my.toml --set device.eta=0.2 --set device.model=awgn");
  auto file = std::make_shared<ExperimentFile>();
  file->add_to(*command);
  command->callback([file] { file->run([&] { check(*file); }); });
}

}  // namespace ohmic
