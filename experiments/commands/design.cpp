// `ohmic design`.
#include <CLI/CLI.hpp>
#include <memory>

#include "experiments/budget/settings.hpp"
#include "experiments/commands/budget_answer.hpp"
#include "experiments/commands/commands.hpp"

namespace ohmic {
namespace {

/// The file with this one question. Throws ConfigError where it does not ask it.
Value only_design(Value root) {
  if (const Value* alone = root.at("design"))
    throw ConfigError({{alone->where, "design",
                        "stands by itself; expected [budget.design], beside what [budget] says of "
                        "the limit, the confidence and the draws"}});
  if (!root.at("budget.design"))
    throw ConfigError({{root.where, "budget.design",
                        "is missing: `ohmic design` searches among what [budget.design.choices] "
                        "opens; see `ohmic describe budget.design`"}});
  Table& budget = root.table().find("budget")->table();
  for (const Parameter& p : BudgetSettings::schema().parameters())
    if (p.nested && p.key != "design") budget.erase(p.key);
  return root;
}

}  // namespace

void add_design_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "design", "The cheapest chip that keeps its accuracy: what [budget.design] asks");
  command->footer(
      "What may be lost stands in [budget], what may be chosen in [budget.design.choices], what a\n"
      "chip costs is [cost]'s:\n\n"
      "  [budget]\n"
      "  max_drop = 1                               # per cent of the accuracy without noise\n"
      "  [budget.design]\n"
      "  cost = \"energy\"                            # or latency, area, devices, or a weighted "
      "sum\n"
      "  [budget.design.choices]\n"
      "  \"periphery.adc.bits\" = [4, 5, 6, 7, 8]\n"
      "  \"mapping.tile\" = [[64, 64], [128, 128]]\n\n"
      "All combinations are priced; a race finds those that are worth chips; these are measured "
      "on\n"
      "fresh chips. The run folder then has the front of cost and accuracy, design_1.toml and so "
      "on\n"
      "for `ohmic run`, and every evaluation, to be used again by the same command or by others. "
      "See\n"
      "`ohmic describe budget.design` for all keys, docs/design.md for a chip from the weights "
      "on.\n\n"
      "Examples:\n"
      "  ohmic design experiments/design.toml\n"
      "  ohmic design my.toml --set budget.max_drop=2 --set budget.design.cost=area\n"
      "  ohmic run runs/design/design_1.toml");
  auto file = std::make_shared<ExperimentFile>();
  auto options = std::make_shared<AnswerOptions>();
  file->add_to(*command);
  add_answer_options(*command, *options);
  command->callback(
      [=] { file->run([&] { answer_budget(only_design(file->read()), *options); }); });
}

}  // namespace ohmic
