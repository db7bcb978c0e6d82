// The subcommands of `ohmic`, one per file of this folder. Each adds itself to the application; its
// work is done in CLI11's callback, while the command line is parsed. A command prints its result
// on stdout and reports failure by throwing; main turns exceptions into one message and an exit
// status.
#pragma once

#include <fmt/core.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/commands/color.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/text/quoting.hpp"

namespace CLI {
class App;
}

namespace ohmic {

void add_new_command(CLI::App&);
void add_run_command(CLI::App&);
void add_budget_command(CLI::App&);
void add_design_command(CLI::App&);
void add_report_command(CLI::App&);
void add_plot_command(CLI::App&);
void add_check_command(CLI::App&);
void add_inspect_command(CLI::App&);
void add_describe_command(CLI::App&);
void add_list_command(CLI::App&);
void add_data_command(CLI::App&);
void add_bench_command(CLI::App&);
void add_export_command(CLI::App&);
void add_cost_command(CLI::App&);

/// On stdout, with what comes from outside made harmless: see `lines`.
template <class... Args>
void print_lines(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print("{}", colored(lines(fmt::format(format, std::forward<Args>(args)...)), stdout));
}

/// The experiment that a command line names: FILE and its --set overrides.
struct ExperimentFile {
  std::filesystem::path path;
  std::vector<std::string> overrides;

  /// Declares FILE and --set for a subcommand.
  void add_to(CLI::App&);
  /// The file with the overrides applied. Throws ConfigError or DataError.
  Value read() const;
  /// Runs what works on the file: a DataError that it throws says where the file names what it is
  /// about.
  void run(const std::function<void()>& work) const;
  /// The one point that the file and its overrides leave. Throws ConfigError where there are more.
  Experiment only_point() const;
};

}  // namespace ohmic
