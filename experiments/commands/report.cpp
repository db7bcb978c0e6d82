#include "experiments/report/report.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/print_note.hpp"
#include "experiments/commands/table_answer.hpp"

namespace ohmic {
namespace {

struct ReportWords {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path out;
  bool no_figures = false;
  std::shared_ptr<bool> json;
};

void report(const ReportWords& words) {
  const ReportOutcome outcome = write_report(words.runs, {words.out, !words.no_figures, true});
  if (!outcome.problem.empty()) print_note("no figures: {}\n", outcome.problem);
  const std::string page = (outcome.folder / "report.html").string();
  if (*words.json)
    return print_json(nlohmann::ordered_json{
        {"page", page}, {"figures", outcome.figures}, {"tables", outcome.tables}});
  print_lines("{}: {} figures, {} tables beside it\n", page, outcome.figures, outcome.tables);
}

}  // namespace

void add_report_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("report", "Write report.html, figures and tables of runs");
  command->footer(
      "Runs may be unfinished, or still going on; several stand side by side in one report.\n\n"
      "Examples:\n"
      "  ohmic report runs/quickstart\n"
      "  ohmic report runs/eight_bits runs/six_bits --out comparison");
  auto words = std::make_shared<ReportWords>();
  command->add_option("RUN", words->runs, "Run folders")->required();
  command->add_option("--out", words->out, "Folder to write to (default: the first run's)");
  command->add_flag("--no-figures", words->no_figures, "Write numbers only");
  words->json = add_json_flag(*command);
  command->callback([words] { report(*words); });
}

}  // namespace ohmic
