// What an analysis found, as a file of its own.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// An experiment that `ohmic run` takes, in a run folder beside the file. `sweep`: its [sweep], or
/// an empty table.
std::string experiment_text(const Experiment&, const std::filesystem::path& file,
                            const Table& sweep = {});
/// Writes it. Throws OutputError.
void write_experiment(const Experiment&, const std::filesystem::path& file,
                      const Table& sweep = {});

}  // namespace ohmic
