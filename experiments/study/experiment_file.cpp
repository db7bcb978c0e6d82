#include "experiments/study/experiment_file.hpp"

#include "experiments/study/experiment.hpp"

namespace ohmic {

void apply_assignment(Value& root, const std::string& assignment) {
  apply_override(root, assignment);
  const std::size_t sign = assignment.find('=');
  if (assignment.substr(0, sign) != kCaseKey) return;
  Value& name = root.table()[kCaseKey];
  if (!std::holds_alternative<std::string>(name.data)) name.data = assignment.substr(sign + 1);
}

Value read_experiment_file(const std::filesystem::path& file,
                           const std::vector<std::string>& overrides) {
  Value root = read_toml(file);
  for (const std::string& assignment : overrides) apply_assignment(root, assignment);
  if (root.table().empty())
    throw ConfigError({{{file.string(), 0, 0},
                        "",
                        "is empty and asks for nothing; expected an experiment, such as [model], "
                        "[data] and [device] (`ohmic describe` lists every table)"}});
  return root;
}

}  // namespace ohmic
