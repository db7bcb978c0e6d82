// `ohmic describe`: the manual pages that the schemas hold.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/commands/commands.hpp"
#include "experiments/manual.hpp"

namespace ohmic {

void add_describe_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("describe", "Explain tables, parameters and device models");
  command->footer(
      "THING is a table, a parameter or a device model; without it, the overview.\n\n"
      "Examples:\n"
      "  ohmic describe\n"
      "  ohmic describe train\n"
      "  ohmic describe periphery.adc\n"
      "  ohmic describe train.learning_rate\n"
      "  ohmic describe awgn\n"
      "  ohmic describe --markdown > docs/parameters.md");
  auto thing = std::make_shared<std::string>();
  auto markdown = std::make_shared<bool>(false);
  command->add_option("THING", *thing, "What to explain");
  command->add_flag("--markdown", *markdown, "Everything, as docs/parameters.md holds it");
  command->callback([thing, markdown] {
    fmt::print("{}", *markdown ? parameters_markdown() : manual_page(*thing));
  });
}

}  // namespace ohmic
