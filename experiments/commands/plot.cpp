// `ohmic plot`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/print_note.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/commands/work_folder.hpp"
#include "experiments/figures/chosen_figure.hpp"
#include "experiments/measure/files.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

struct PlotCommand {
  std::vector<fs::path> runs;
  Choice choice;
  fs::path out;
  bool log_x = false, linear_x = false, as_csv = false, as_json = false;
  std::optional<bool> logarithmic() const {
    return log_x || linear_x ? std::optional(log_x) : std::nullopt;
  }
};

void draw_in(const fs::path& folder, const Figure& figure) {
  const std::string problem = drawing_problem(draw(figure, folder), figure, folder);
  if (!problem.empty()) throw UnsupportedError("no figure: " + problem);
}

bool is_figure(const fs::path& file) {
  constexpr std::size_t kBeginning = 1024;
  const std::string begins = read_beginning(file, kBeginning);
  return begins.starts_with("\x89PNG") || begins.find("<svg") != std::string::npos;
}

void check_out(const fs::path& out) {
  if (out.extension() != ".svg" && out.extension() != ".png")
    throw ConfigError("--out " + out.string() + ": expected a name that ends in .svg or .png");
  std::error_code absent;
  if (fs::exists(out, absent) && !is_figure(out))
    throw ConfigError("--out " + out.string() +
                      ": is there already and is no figure; expected another name");
}

/// What is said of it.
std::string draw_as(const fs::path& out, const Figure& figure) {
  const WorkFolder work;
  draw_in(work.path(), figure);
  std::error_code absent;
  const bool was_there = fs::exists(out, absent);
  if (out.has_parent_path()) make_folder(out.parent_path());
  write_atomically(out, read_whole(work.path() / (figure.name + out.extension().string())));
  return out.string() + (was_there ? ", in place of the figure that was there\n" : "\n");
}

std::string draw_beside(const fs::path& run, const Figure& figure) {
  const fs::path folder = run / "figures";
  draw_in(folder, figure);
  std::string text;
  for (const char* extension : {".svg", ".png", ".gp"})
    text += (folder / (figure.name + extension)).string() + "\n";
  return text;
}

void plot(const PlotCommand& command) {
  const bool to_stdout = command.as_csv || command.as_json;
  if (!command.out.empty()) check_out(command.out);
  const ChosenColumns chosen = choose_columns(command.runs, command.choice);
  for (const std::string& remark : chosen.remarks) print_note("note: {}\n", lines(remark));
  if (command.as_csv) print_csv(chosen_table(chosen));
  if (command.as_json) print_json(chosen_table(chosen));
  if (to_stdout && command.out.empty()) return;
  const Figure figure = chosen_figure(chosen, command.choice.split, command.logarithmic());
  const std::string written = command.out.empty() ? draw_beside(command.runs.front(), figure)
                                                  : draw_as(command.out, figure);
  if (to_stdout)
    print_note("{}", lines(written));
  else
    print_lines("{}", written);
}

void add_options(CLI::App& command, PlotCommand& plot) {
  command
      .add_option("RUN", plot.runs,
                  "Run folders; several are told apart by their names, or else by their paths")
      ->required();
  command.add_option("--x", plot.choice.x, "Swept key, or a column of results.csv")
      ->type_name("KEY")
      ->required();
  command
      .add_option("--y", plot.choice.y, "Column of results.csv, with its interval where it has one")
      ->type_name("COLUMN")
      ->required();
  command
      .add_option("--split", plot.choice.split,
                  "Swept key that makes curves, or run; default: the learning rate, else what is "
                  "swept last. What else is swept makes panels")
      ->type_name("KEY");
  command
      .add_option("--only", plot.choice.only,
                  "Take only points where a swept key has this value; several values of one key "
                  "are alternatives")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command
      .add_option("--out", plot.out,
                  "Where the figure goes (default: figures/ of the first run, as SVG and PNG)")
      ->type_name("FILE.svg|FILE.png");
  CLI::Option* log_x = command.add_flag(
      "--log-x", plot.log_x,
      "Logarithmic; by default where x is above 0 and spreads over a factor of 30, eta apart");
  command.add_flag("--linear-x", plot.linear_x, "Linear in any case")->excludes(log_x);
  CLI::Option* json = command.add_flag("--json", plot.as_json,
                                       "Print the numbers, an object per line; draw with --out");
  command.add_flag("--csv", plot.as_csv, "Print the numbers as CSV; draw with --out")
      ->excludes(json);
}

}  // namespace

void add_plot_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("plot", "Draw a column of a run's results against a swept key");
  command->footer(
      "Axes have the words and units of the parameters, marks the intervals of their column. A "
      "name\n"
      "that is not there is answered with those that are.\n\n"
      "Examples:\n"
      "  ohmic plot runs/quickstart --x device.eta --y normalized\n"
      "  ohmic plot runs/quickstart --x train.learning_rate --y accuracy --split device.eta\n"
      "  ohmic plot runs/adc --x periphery.adc.bits --y accuracy --out bits.png\n"
      "  ohmic plot runs/a runs/b --x device.eta --y accuracy --split run\n"
      "  ohmic plot runs/pareto --x energy_nJ --y accuracy --split mapping.tile --log-x\n"
      "  ohmic plot runs/quickstart --x device.eta --y accuracy --csv > numbers.csv");
  auto plotted = std::make_shared<PlotCommand>();
  add_options(*command, *plotted);
  command->callback([plotted] { plot(*plotted); });
}

}  // namespace ohmic
