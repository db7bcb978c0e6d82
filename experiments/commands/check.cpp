#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/budget/request.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/terminal_progress.hpp"
#include "experiments/measure/examination.hpp"
#include "experiments/measure/inputs.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/remarks.hpp"

namespace ohmic {
namespace {

/// Faults of the file, then what a run would open, then what is worth a word.
void check(const ExperimentFile& file) {
  const BudgetRequest request = read_request(file.read());
  const std::vector<Point>& points = request.points;
  TerminalProgress progress;
  check_inputs(experiments_of(points));
  for (const std::string& remark : remarks_on(request)) print_lines("note: {}\n", remark);
  for (const std::string& line : examine_given(points, progress)) print_lines("{}\n", line);
  print_lines("{}: ok, {} {}\n", file.path.string(), points.size(),
              points.size() == 1 ? "point" : "points");
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
