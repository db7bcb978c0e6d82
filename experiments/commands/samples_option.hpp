// --samples of a command: FILE, or NAME=FILE for each input of a network.
#pragma once

#include <string>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/lowering/lower.hpp"
#include "simulator/error.hpp"

namespace ohmic {

/// The files that an option gives for this network. Throws CLI::ValidationError that names its
/// inputs.
SampleFiles sample_files(const std::vector<std::string>& given, const LoweredNetwork&,
                         const std::string& option = "--samples");

/// What `read` gives; errors speak of the option, not of an experiment's key: of --labels where
/// they are about that file.
template <class Read>
auto of_samples_option(const Read& read, const std::string& labels = {}) {
  try {
    return read();
  } catch (const DataError& error) {
    std::string text = error.what();
    if (text.starts_with("data.test: ")) text.erase(0, text.find(' ') + 1);
    const bool of_labels = !labels.empty() && text.starts_with(labels);
    throw DataError((of_labels ? "--labels: " : "--samples: ") + text);
  }
}

}  // namespace ohmic
