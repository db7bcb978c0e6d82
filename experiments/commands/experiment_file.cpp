#include "experiments/study/experiment_file.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "experiments/commands/commands.hpp"
#include "experiments/study/places.hpp"

namespace ohmic {

void ExperimentFile::add_to(CLI::App& command) {
  command.add_option("FILE", path, "Experiment file (TOML)")->required();
  command
      .add_option("--set", overrides,
                  "Override a key, also a swept one: table.key=value; the keys of a "
                  "whole table join those of the file")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

Value ExperimentFile::read() const { return read_experiment_file(path, overrides); }

void ExperimentFile::run(const std::function<void()>& work) const {
  try {
    work();
  } catch (const DataError& error) {
    Value root;
    try {
      root = read();
    } catch (const Error&) {
      throw error;  // it is about the file itself
    }
    throw DataError(with_places(error.what(), root));
  }
}

Experiment ExperimentFile::only_point() const {
  const auto points = expand(read());
  if (points.size() == 1) return points.front().experiment;
  std::string axes;
  for (const auto& [key, value] : points.front().axes)
    axes += fmt::format(" --set {}={}", key, value.text());
  throw ConfigError(fmt::format("{} has {} points and a chip is one of them; choose, for example{}",
                                path.string(), points.size(), axes));
}

}  // namespace ohmic
