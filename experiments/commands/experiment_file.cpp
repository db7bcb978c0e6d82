#include <CLI/CLI.hpp>

#include "experiments/commands/commands.hpp"

namespace ohmic {

void ExperimentFile::add_to(CLI::App& command) {
  command.add_option("FILE", path, "Experiment file (TOML)")->required();
  command.add_option("--set", overrides, "Override a key, also a swept one: table.key=value")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

Value ExperimentFile::read() const {
  Value root = read_toml(path);
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  return root;
}

}  // namespace ohmic
