// `ohmic describe`: the manual pages that the schemas hold.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/budget/card.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/table_answer.hpp"
#include "experiments/manual/json_schema.hpp"
#include "experiments/manual/manual.hpp"

namespace ohmic {

void add_describe_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("describe", "Explain tables, parameters, device models and presets");
  command->footer(
      "THING is a table, a parameter, a device model or a preset; without it, the overview.\n\n"
      "Examples:\n"
      "  ohmic describe\n"
      "  ohmic describe train\n"
      "  ohmic describe periphery.adc\n"
      "  ohmic describe train.learning_rate\n"
      "  ohmic describe awgn\n"
      "  ohmic describe preset isaac-like\n"
      "  ohmic describe awgn --json\n"
      "  ohmic describe --markdown > docs/parameters.md\n"
      "  ohmic describe --json-schema > ohmic.schema.json\n"
      "  ohmic describe --card-schema > card.schema.json");
  auto thing = std::make_shared<std::vector<std::string>>();
  auto markdown = std::make_shared<bool>(false);
  CLI::Option* named = command->add_option("THING", *thing, "What to explain")->expected(1, 2);
  command->add_flag("--markdown", *markdown, "Everything, as docs/parameters.md holds it");
  auto schema = std::make_shared<bool>(false);
  command->add_flag("--json-schema", *schema, "Everything, as a JSON schema for editors");
  auto card = std::make_shared<bool>(false);
  command->add_flag("--card-schema", *card,
                    "Budget cards (`ohmic budget --card`), as a JSON schema");
  const auto as_json = add_json_flag(
      *command, "Parameters, an object per line: what is accepted, unit, default, meaning, source");
  const char* const wholes[] = {"--markdown", "--json-schema", "--card-schema"};
  for (const char* whole : wholes) {
    command->get_option(whole)->excludes(named)->excludes("--json");
    for (const char* other : wholes)
      if (whole != other) command->get_option(whole)->excludes(other);
  }
  command->callback([thing, markdown, schema, card, as_json] {
    const std::string words = fmt::format("{}", fmt::join(*thing, " "));
    if (*as_json) return print_json(manual_table(words));
    fmt::print("{}", *markdown ? parameters_markdown()
                     : *schema ? json_schema()
                     : *card   ? card_schema()
                               : manual_page(words));
  });
}

}  // namespace ohmic
