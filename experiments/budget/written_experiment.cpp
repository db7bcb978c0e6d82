#include "experiments/budget/written_experiment.hpp"

#include "experiments/measure/files.hpp"

namespace ohmic {

std::string experiment_text(const Experiment& experiment, const std::filesystem::path& file,
                            const Table& sweep) {
  Value resolved = experiment.resolved();
  resolved.set("output.dir", {std::filesystem::path(file).replace_extension().string()});
  if (!sweep.empty()) resolved.table()["sweep"] = {sweep};
  return to_toml(resolved);
}

void write_experiment(const Experiment& experiment, const std::filesystem::path& file,
                      const Table& sweep) {
  write_atomically(file, experiment_text(experiment, file, sweep));
}

}  // namespace ohmic
