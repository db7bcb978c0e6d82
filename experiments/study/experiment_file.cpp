#include "experiments/study/experiment_file.hpp"

namespace ohmic {

Value read_experiment_file(const std::filesystem::path& file,
                           const std::vector<std::string>& overrides) {
  Value root = read_toml(file);
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  if (root.table().empty())
    throw ConfigError({{{file.string(), 0, 0},
                        "",
                        "is empty and asks for nothing; expected an experiment, such as [model], "
                        "[data] and [device] (`ohmic describe` lists every table)"}});
  return root;
}

}  // namespace ohmic
