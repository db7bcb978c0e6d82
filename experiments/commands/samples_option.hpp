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

/// What `read` gives; errors speak of the option, not of an experiment's key.
template <class Read>
auto of_option(const std::string& option, const Read& read) {
  try {
    return read();
  } catch (const DataError& error) {
    std::string text = error.what();
    for (const char* key : {"data.test: ", "data.train: "})
      if (text.starts_with(key)) text.erase(0, text.find(' ') + 1);
    throw DataError(option + ": " + text);
  }
}

/// Likewise of --samples, or of --labels where they are about that file.
template <class Read>
auto of_samples_option(const Read& read, const std::string& labels = {}) {
  try {
    return of_option("--samples", read);
  } catch (const DataError& error) {
    const std::string text = error.what(), own = "--samples: ";
    if (labels.empty() || !text.starts_with(own + labels)) throw;
    throw DataError("--labels: " + text.substr(own.size()));
  }
}

}  // namespace ohmic
