#include "experiments/commands/program.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>

#include "experiments/budget/card_check.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/print_note.hpp"
#include "experiments/run/run.hpp"
#include "experiments/study/plugin.hpp"
#include "experiments/text/quoting.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/backend.hpp"
#include "simulator/config/schema.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

void add_commands(CLI::App& app) {
  add_new_command(app);
  add_run_command(app);
  add_budget_command(app);
  add_design_command(app);
  add_report_command(app);
  add_plot_command(app);
  add_check_command(app);
  add_inspect_command(app);
  add_describe_command(app);
  add_list_command(app);
  add_cost_command(app);
  add_export_command(app);
  add_data_command(app);
  add_bench_command(app);
}

std::string version_json() {
  return nlohmann::ordered_json{{"ohmic", version()},
                                {"commit", commit()},
                                {"compiler", compiler()},
                                {"libtorch", libtorch_version()},
                                {"backends", backend_names()}}
      .dump();
}

/// --version, with --json before it or behind. True where --json is given.
std::shared_ptr<bool> add_version(CLI::App& app) {
  auto as_json = std::make_shared<bool>(false);
  app.add_flag("--json", *as_json, "Of --version, for a program; commands have their own");
  app.set_version_flag("--version", [as_json] {
    return *as_json ? version_json()
                    : fmt::format("ohmic {}, LibTorch {}", version(), libtorch_version());
  });
  return as_json;
}

void add_color(CLI::App& app) {
  choose_color("auto");
  app.add_option_function<std::string>("--color", choose_color,
                                       "Errors, warnings and notes in colour: auto (on a terminal, "
                                       "without NO_COLOR), always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->trigger_on_parse();
}

/// Loaded when the command line is understood and before any command does its work.
void add_plugins(CLI::App& app, const std::shared_ptr<bool>& loose_json) {
  auto files = std::make_shared<std::vector<std::string>>();
  app.add_option("--plugin", *files, "Shared library with further device models")
      ->type_name("FILE.so")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  app.parse_complete_callback([files, loose_json] {
    if (*loose_json)
      throw CLI::ParseError("--json: expected behind the command, as in ohmic list devices --json",
                            CLI::ExitCodes::ExtrasError);
    for (const std::string& file : *files) load_plugin(file);
  });
}

void configure(CLI::App& app, const std::string& name) {
  app.name(name);
  app.fallthrough();
  add_plugins(app, add_version(app));
  add_color(app);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  ohmic run experiments/quickstart.toml            train, map, perturb, measure, report\n"
      "  ohmic new --model net.onnx --samples x.npy       a first file for your network\n"
      "  ohmic run my.toml --set device.eta=0.2           one key changed\n"
      "  ohmic plot runs/quickstart --x device.eta --y normalized\n"
      "  ohmic budget experiments/budget_eta.toml         how much noise it tolerates\n"
      "  ohmic design experiments/design.toml             the cheapest chip that keeps accuracy\n"
      "  ohmic cost my.toml                               tiles, conversions, energy, time, area\n"
      "  ohmic check my.toml                              every fault, with its place\n"
      "  ohmic inspect net.onnx                           what a network becomes on crossbars\n"
      "  ohmic describe device                            what a table may hold\n"
      "  ohmic list devices                               device models by name\n\n"
      "Exit status: 0 done, 1 usage or an unforeseen failure, 2 configuration, 3 data, 4 not\n"
      "supported here, 5 output, 6 done but for points whose training diverged. `budget --check`: "
      "0\n"
      "the weights fit, 2 it cannot be asked, 3 they are not shown to fit.");
  add_commands(app);
}

/// A first word that is no command, told apart from CLI11's general complaint.
void refuse_unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (word.starts_with("-") || std::count(names.begin(), names.end(), word)) return;
  const std::string near = did_you_mean(word, names);
  throw CLI::ExtrasError(
      fmt::format("\"{}\" is not a command{}", word,
                  near.empty() ? fmt::format("; expected one of {}", CLI::detail::join(names, ", "))
                               : fmt::format("; did you mean \"{}\"?", near)),
      CLI::ExitCodes::ExtrasError);
}

std::string lost_output(int reason) {
  const std::string lost = "standard output cannot be written";
  return reason == 0 ? lost : lost + ": " + std::strerror(reason);
}

int say(int status, const std::string& message) {
  std::fflush(stdout);
  print_note("{}\n", lines(message));
  return status;
}

int fail(int status, const std::string& message) { return say(status, "ohmic: error: " + message); }

int parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    if (argc < 2) throw CLI::CallForHelp();
    refuse_unknown_command(app, argv[1]);
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail(1, fmt::format("{}\nRun with --help for usage.", error.what()));
  }
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond `ulimit -f` is an error of its write
  return guarded([&] {
    CLI::App app{"Analog crossbar simulator: how much noise can this network take?"};
    configure(app, argc > 0 ? argv[0] : "ohmic");
    const int status = parse(app, argc, argv);
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw OutputError(lost_output(errno));
    return status;
  });
}

int ohmic_program(int argc, const char* const* argv) { return run_program(argc, argv); }

int guarded(const std::function<int()>& action) {
  try {
    return action();
  } catch (const ConfigError& error) {
    return say(2, error.what());  // "file:line:col: error: ...", a line for each fault
  } catch (const DataError& error) {
    return fail(3, error.what());
  } catch (const UnsupportedError& error) {
    return fail(4, error.what());
  } catch (const OutputError& error) {
    return fail(5, error.what());
  } catch (const PointsLeftOut& error) {
    return fail(6, error.what());
  } catch (const DoesNotFit& error) {
    return say(3, fmt::format("ohmic: {}", error.what()));
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(5, error.path1().string() + ": " + error.code().message());
  } catch (const std::system_error& error) {
    if (std::ferror(stdout)) return fail(5, lost_output(error.code().value()));
    return fail(1, error.what());
  } catch (const std::bad_alloc&) {
    return fail(1, "out of memory");
  } catch (const std::exception& error) {
    return fail(1, error.what());
  } catch (...) {
    return fail(1, "an unknown failure");
  }
}

}  // namespace ohmic
