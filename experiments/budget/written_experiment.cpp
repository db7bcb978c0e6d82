#include "experiments/budget/written_experiment.hpp"

#include "experiments/measure/files.hpp"

namespace ohmic {

void write_experiment(const Experiment& experiment, const std::filesystem::path& file,
                      const Table& sweep) {
  Value resolved = experiment.resolved();
  resolved.set("output.dir", {std::filesystem::path(file).replace_extension().string()});
  if (!sweep.empty()) resolved.table()["sweep"] = {sweep};
  write_atomically(file, to_toml(resolved));
}

}  // namespace ohmic
